/** Scenarios of deliveries, for the suite. */
import { laneOf } from "../../support/Receiver.ts"
import { endOf, type Stage } from "../suite.ts"
import { until } from "../until.ts"
import { checkAll, invariants } from "./invariants.ts"
import type { Scenario } from "./Scenario.ts"
import { enter, type World } from "./World.ts"

export const delivering: Stage<World, Scenario> = {
  invariants,
  enter,
  catchUp: (world, scenario) => catchUp(world, scenario),
  checkAll,
  log: ({ members }) =>
    members.flatMap(({ name, service }) =>
      endOf(service.output(), 25).map((line) => `${name}| ${line}`)
    ),
  leave: ({ leave }) => leave()
}

/** Waits until no event is under way to the log, and none to a receiver. */
const catchUp = async (world: World, { patience = 60 }: Scenario): Promise<void> => {
  const within = patience * 1000
  await world.evolution.endLoad()
  for (const member of world.members) if (!member.isUp()) await member.start()
  await world.allListening()
  await until("a last message of each instance is in the log", within, async () => {
    const ids = await world.evolution.message(world.names)
    return until("", 3000, async () => {
      const [row] = await world.query<{ count: number }>(
        "select count(*)::int from events where data #>> '{key,id}' = any($1)",
        [ids]
      )
      return row?.count === ids.length
    })
  })
  await until("every gap is done with", within, async () => {
    const [row] = await world.query<{ open: number }>(
      `select count(*)::int as open from gaps where "to" is null or recovered is null`
    )
    return row?.open === 0
  })
  if (world.setup.isSabotaged === true) return
  for (const { path } of world.endpoints)
    await until(`${path} has got all`, within, async () => {
      world.watch()
      const due = await world.due(path)
      const taken = await takenOf(world, path)
      if (taken < due) throw new Error(`${taken} of ${due}`)
      return true
    })
}

const takenOf = async ({ brokers, judge, names }: World, path: string): Promise<number> => {
  if (!path.startsWith("/")) return (await brokers?.count(path)) ?? 0
  const lanes = names.map((instance) => laneOf({ path, server: "default", instance }))
  return lanes.reduce((sum, lane) => sum + judge.taken(lane).size, 0)
}
