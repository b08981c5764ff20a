/** Clocks that are set, and clocks that differ. */
import type { Scenario } from "../Scenario.ts"
import { until } from "../until.ts"

const hour = 3_600_000

/** The wall clock jumps by an hour, forth and back, with and without a link. */
const clockJump: Scenario = {
  name: "clock-jump",
  seconds: 40,
  setup: { ownClock: true },
  isBackfilled: true,
  run: async ({ allListening, cut, evolution, expect, gaps, load, pause, setClock }) => {
    await load(100)
    for (const shift of [hour, 0]) {
      await pause(1000, 2000)
      await setClock(shift)
      // Longer than the heartbeat may be silent.
      await pause(4000, 5000)
    }
    const found = await gaps()
    expect("a clock that is set opens no gap", found.length === 0, `${found.length} gaps`)

    for (const shift of [hour, 0]) {
      await cut(async () => {
        await evolution.stop()
        await pause(1000, 2000)
        await setClock(shift)
        await pause(1000, 2000)
      })
      await evolution.start()
      await allListening()
      await pause(1000, 2000)
    }
  }
}

/**
 * Ours is five minutes ahead, that of Evolution's host two minutes behind. WhatsApp's, which stamps the
 * messages, is right.
 */
const clocksDiffer: Scenario = {
  name: "clocks-differ",
  seconds: 45,
  setup: { aheadMillis: 300_000, evolution: { clockMillis: -120_000 } },
  isBackfilled: true,
  run: async ({ cut, expect, load, pause, proxy, service }) => {
    await load(20)
    await pause(3000, 5000)
    await cut(async () => {
      proxy.refuse()
      proxy.reset()
      await pause(22_000, 28_000)
    })
    proxy.pass()
    await until("the difference is told", 15_000, async () =>
      service.output().includes("ahead of Evolution's: set both by NTP")
    )
    expect("a warning tells the difference", true)
  }
}

export const clocks: ReadonlyArray<Scenario> = [clockJump, clocksDiffer]
