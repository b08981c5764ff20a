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
    expect(
      "joins",
      true,
      `${times}, ${isOwner ? "the last one takes the server" : "none moves it"}`
    )
    await pause(2000, 3000)
  }
}

const mostJoins = 5

/** By hand, from one replica to another and back. */
const handedOver: Scenario = {
  name: "handed-over",
  seconds: 45,
  isBackfilled: true,
  ears: true,
  isPlanned: true,
  run: async ({ expect, load, moved, owner, pause, random, replicas }) => {
    await load(500)
    const answers: Array<number> = []
    for (let time = 0; time < 5; time++) {
      await pause(1000, 3000)
      const first = await owner()
      const asked = replicas[random.between(0, replicas.length - 1)] ?? first
      answers.push(await asked.service.post("/cluster/servers/default/handover"))
      await moved(first)
    }
    expect(
      "any replica does it",
      answers.every((status) => status === 202),
      answers.join(" ")
    )
    await pause(2000, 3000)
  }
}

/** Nobody is left to hear: the time until the first one starts is a gap. */
const allStopped: Scenario = {
  name: "all-stopped",
  seconds: 45,
  isBackfilled: true,
  run: async ({ expect, gaps, load, pause, random, replicas }) => {
    await load(200)
    await pause(2000, 3000)
    const ends = await Promise.all(replicas.map((replica) => replica.stop()))
    const codes = ends.map(({ code }) => code)
    expect("all exit well", codes.join() === "0,0,0", codes.join(" "))
    await pause(1000, 2000)
    const [first, ...others] = replicas.slice(random.between(0, replicas.length - 1))
    await first?.start()
    for (const replica of [...others, ...replicas]) if (!replica.isUp()) await replica.start()
    await pause(2000, 3000)
    const causes = new Set((await gaps()).map(({ cause }) => cause))
    expect("the gap says why", [...causes].join() === "service_stopped", [...causes].join(", "))
  }
}

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

export const deploys: ReadonlyArray<Scenario> = [rolling, joins, handedOver, allStopped, together]
