/** Clocks that are set. */
import type { Scenario } from "../Scenario.ts"

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

export const clocks: ReadonlyArray<Scenario> = [clockJump]
