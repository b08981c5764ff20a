/** A receiver that is slow, silent, or fails now and then; others do not suffer from it. */
import { Behaviours } from "../../../support/Receiver.ts"
import { sleep, until } from "../../until.ts"
import type { Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

const rate = 300
const well = ["/well-1", "/well-2", "/well-3", "/well-4"].map((path) => ({ path }))

/** Waits until the log of the service, or the endpoint itself, tells that it does not get through. */
const isTroubled = ({ query }: World, path: string) =>
  until(`${path} is in trouble`, 30_000, async () => {
    const [row] = await query<{ count: number }>(
      `select count(*)::int from endpoint_attempts join endpoints on endpoints.id = endpoint
       where name = $1 and outcome <> 'delivered'`,
      [path]
    )
    return (row?.count ?? 0) > 0
  })

/** More instances, as each lane waits for a second after a failure. */
const failing: Scenario = {
  name: "fails-10",
  seconds: 30,
  isFast: true,
  patience: 90,
  setup: { instances: 60, isTimed: true, endpoints: [...well, { path: "/fails-10" }] },
  run: async ({ load, pause }) => {
    await load(150)
    await pause(8000, 10_000)
  }
}

const blackHole: Scenario = {
  name: "black-hole",
  seconds: 45,
  isFast: true,
  setup: { isTimed: true, endpoints: [...well, { path: "/hole", timeout: 2 }] },
  run: async (world) => {
    const { load, pause, receiver } = world
    await load(rate)
    await isTroubled(world, "/hole")
    await pause(5000, 8000)
    await receiver.behave("/hole", Behaviours.ok)
  }
}

const late: Scenario = {
  name: "late-30s",
  seconds: 75,
  setup: { isTimed: true, endpoints: [...well, { path: "/late-30" }] },
  patience: 90,
  run: async (world) => {
    const { load, receiver } = world
    await load(rate)
    await isTroubled(world, "/late-30")
    await sleep(20_000)
    await receiver.behave("/late-30", Behaviours.ok)
  }
}

const strangeAnswers: Scenario = {
  name: "strange-answers",
  seconds: 40,
  // The receiver is one process, which writes gigabytes: the others have to wait for it.
  setup: {
    endpoints: [...well.slice(0, 2), { path: "/cut" }, { path: "/busy-2" }, { path: "/huge-64" }]
  },
  run: async (world) => {
    const { expect, load, pause, receiver, service } = world
    const before = service.rss()
    await load(100)
    await isTroubled(world, "/cut")
    await isTroubled(world, "/busy-2")
    await pause(6000, 8000)
    const grown = service.rss() - before
    expect("memory", grown < 150, `${grown.toFixed(0)} MiB more, beside bodies of 64 MiB`)
    for (const path of ["/cut", "/busy-2", "/huge-64"]) await receiver.behave(path, Behaviours.ok)
  }
}

export const receivers: ReadonlyArray<Scenario> = [failing, blackHole, late, strangeAnswers]
