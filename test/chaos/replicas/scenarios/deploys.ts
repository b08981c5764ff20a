/** Replicas come and go by will. */
import type { Scenario } from "../Scenario.ts"

const rolling: Scenario = {
  name: "rolling-restart",
  seconds: 45,
  isBackfilled: true,
  ears: true,
  isPlanned: true,
  run: async ({ expect, load, pause, replicas }) => {
    await load(500)
    const codes: Array<number | null> = []
    for (const replica of replicas) {
      await pause(1500, 3000)
      codes.push((await replica.stop()).code)
      await replica.start()
    }
    await pause(3000, 4000)
    expect(
      "all exit well",
      codes.every((code) => code === 0),
      codes.join(" ")
    )
  }
}

/** The engine's ring gives a replica that joins its part of the servers, or none: it joins until it was given one. */
const joins: Scenario = {
  name: "replica-joins",
  seconds: 60,
  setup: { late: 1 },
  isBackfilled: true,
  ears: true,
  isPlanned: true,
  run: async ({ expect, load, owner, pause, replicas, settled }) => {
    await load(500)
    const late = replicas.at(-1)
    let [times, isOwner] = [0, false]
    while (!isOwner && times < mostJoins) {
      await pause(1500, 2500)
      if (times++ > 0) await late?.stop()
      await late?.start()
      await settled()
      isOwner = (await owner()) === late
    }
    expect("it is given the server", isOwner, `at join ${times}`)
    await pause(2000, 3000)
  }
}

const mostJoins = 8

const together: Scenario = {
  name: "started-together",
  seconds: 25,
  setup: { isTogether: true },
  isLossless: true,
  run: async ({ load, pause }) => {
    await load(300)
    await pause(5000, 7000)
  }
}

export const deploys: ReadonlyArray<Scenario> = [rolling, joins, together]
