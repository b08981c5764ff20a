/** The link breaks, in every way that a link can. */
import type { Scenario } from "../Scenario.ts"
import { sleep, until } from "../until.ts"

const upstreamRestart: Scenario = {
  name: "upstream-restart",
  seconds: 20,
  isFast: true,
  isBackfilled: true,
  run: async ({ cut, evolution, load, pause }) => {
    await load(100)
    await pause(1000, 2500)
    await cut(async () => {
      await evolution.stop()
      await pause(3000, 6000)
    })
    await evolution.start()
    await pause(500, 1500)
  }
}

const connectionReset: Scenario = {
  name: "connection-reset",
  seconds: 18,
  isBackfilled: true,
  run: async ({ allListening, evolution, load, pause, proxy }) => {
    await load(200)
    for (const reset of [proxy.reset, evolution.drop, proxy.reset]) {
      await pause(300, 1500)
      await reset()
      await pause(20, 200)
      await allListening()
    }
  }
}

/** A half-open link, with Evolution's own heartbeat. */
const blackHole: Scenario = {
  name: "black-hole",
  seconds: 100,
  setup: { evolution: { pingInterval: 25_000, pingTimeout: 20_000 } },
  isBackfilled: true,
  run: async ({ cut, load, pause, proxy }) => {
    await load(200)
    await pause(2000, 4000)
    await cut(async () => {
      proxy.blackHole()
      await sleep(60_000)
    })
    proxy.pass()
    await pause(500, 1500)
  }
}

const blackHoleNoStorage: Scenario = {
  name: "black-hole-no-storage",
  seconds: 28,
  isFast: true,
  setup: { evolution: { storeMessages: false } },
  run: async ({ cut, expect, gaps, load, pause, proxy }) => {
    await load(100)
    await pause(1000, 2000)
    await cut(async () => {
      proxy.blackHole()
      await pause(6000, 8000)
    })
    proxy.pass()
    const closed = await until("every gap has its verdict", 40_000, async () => {
      const found = await gaps()
      return found.length > 0 && found.every(({ recovered }) => recovered !== null) && found
    })
    expect(
      "nothing is recovered, and the note says why",
      closed.every(({ note, recovered }) => recovered === false && /store/.test(note ?? "")),
      closed[0]?.note ?? ""
    )
  }
}

const upstreamSigstop: Scenario = {
  name: "upstream-sigstop",
  seconds: 25,
  isBackfilled: true,
  run: async ({ cut, evolution, expect, gaps, load, pause }) => {
    await load(100)
    await pause(1000, 2000)
    await cut(async () => {
      evolution.signal("SIGSTOP")
      await pause(6000, 9000)
    })
    evolution.signal("SIGCONT")
    await pause(1000, 2000)
    const causes = new Set((await gaps()).map(({ cause }) => cause))
    expect("heartbeat_missed", causes.has("heartbeat_missed"), [...causes].join(", "))
  }
}

/** Events exceed the bandwidth, so that everything comes later and later, the heartbeat too. */
const slowDrip: Scenario = {
  name: "slow-drip",
  seconds: 60,
  setup: { evolution: { pingInterval: 4000, pingTimeout: 8000 } },
  isBackfilled: true,
  patience: 90,
  run: async ({ load, pause, proxy, random }) => {
    await load(60)
    await pause(1000, 2000)
    proxy.slice(random.between(150, 250), 10)
    await sleep(25_000)
    proxy.pass()
    await pause(1000, 2000)
  }
}

const flap: Scenario = {
  name: "flap-2s",
  seconds: 110,
  isBackfilled: true,
  patience: 180,
  run: async ({ expect, load, proxy, random }) => {
    await load(100)
    const { dials } = proxy.counts()
    const end = Date.now() + 60_000
    while (Date.now() < end) {
      await sleep(random.between(1800, 2200))
      proxy.reset()
    }
    const since = proxy.counts().dials - dials
    expect("dials in a minute of flaps", since <= 30, String(since))
  }
}

export const link: ReadonlyArray<Scenario> = [
  upstreamRestart,
  connectionReset,
  blackHole,
  blackHoleNoStorage,
  upstreamSigstop,
  slowDrip,
  flap
]
