/** The process of the service ends, with and without a warning. */
import type { Scenario } from "../Scenario.ts"
import { sleep } from "../until.ts"

const killNine: Scenario = {
  name: "kill-9",
  seconds: 32,
  isFast: true,
  isBackfilled: true,
  run: async ({ allListening, expect, gaps, load, pause, service }) => {
    await load(500)
    for (let time = 0; time < 2; time++) {
      await pause(1000, 2500)
      service.signal("SIGKILL")
      await service.end()
      await pause(300, 1500)
      await service.start()
      await allListening()
    }
    const causes = new Set((await gaps()).map(({ cause }) => cause))
    expect("service_crashed", causes.has("service_crashed"), [...causes].join(", "))
  }
}

const sigterm: Scenario = {
  name: "sigterm-under-load",
  seconds: 35,
  setup: { ownPostgres: true },
  isBackfilled: true,
  run: async ({ allListening, cluster, expect, gaps, load, pause, service }) => {
    await load(500)
    const streams = await Promise.all(Array.from({ length: 20 }, service.stream))
    await pause(1500, 3000)
    service.signal("SIGTERM")
    const { code, millis } = await service.end()
    expect("SIGTERM", code === 0 && millis < 5000, `exit ${code} after ${millis.toFixed(0)} ms`)
    const words = await Promise.all(streams.map(({ last }) => last))
    const told = words.filter((last) => last.includes('"stopping"')).length
    expect("20 streams end, and say why", told === 20, `${told}`)
    await pause(500, 1500)
    await service.start()
    await allListening()
    const causes = new Set((await gaps()).map(({ cause }) => cause))
    expect("service_stopped", causes.has("service_stopped"), [...causes].join(", "))

    // Without a database the service cannot store its queue; a second signal ends the attempts.
    await pause(1000, 2000)
    await cluster.stop("immediate")
    await pause(800, 1500)
    service.signal("SIGTERM")
    await sleep(500)
    service.signal("SIGTERM")
    const second = await service.end()
    expect("a second SIGTERM", second.millis < 500, `after ${second.millis.toFixed(0)} ms`)
    await cluster.start()
    await service.start()
    await allListening()
  }
}

export const ends: ReadonlyArray<Scenario> = [killNine, sigterm]
