/** Scenarios of several replicas, for the suite. */
import { endOf, type Stage } from "../suite.ts"
import { until } from "../until.ts"
import { checkAll, invariants } from "./invariants.ts"
import { allHeard } from "./Log.ts"
import type { Scenario } from "./Scenario.ts"
import { enter, type World } from "./World.ts"

export const several = (count: number): Stage<World, Scenario> => ({
  invariants,
  enter: (scenario, setting) => enter(scenario, setting, count),
  catchUp,
  checkAll,
  log: ({ replicas }) =>
    replicas.flatMap(({ name, service }) =>
      endOf(service.output(), 25).map((line) => `${name}| ${line}`)
    ),
  leave: ({ leave }) => leave()
})

const catchUp = async (world: World, { isBackfilled, patience = 60 }: Scenario): Promise<void> => {
  const within = patience * 1000
  await world.endLoad()
  for (const replica of world.replicas) if (!replica.isUp()) await replica.start()
  await world.settled()
  await allHeard(world, within)
  await until("every gap is done with", within, async () =>
    (await world.gaps()).every(({ recovered, to }) =>
      isBackfilled === true ? recovered === true : to !== null && recovered !== null
    )
  )
  for (const { name, service } of world.replicas)
    world.expect(`${name} is ready`, (await service.ask("/health/ready")) === 200)
  const [row] = await world.query<{ last: number }>("select max(id)::float8 as last from events")
  const last = row?.last ?? 0
  world.end.id = last
  await until("the readers have the whole log", 20_000, async () =>
    [world.cursor, world.roaming].every(({ ids }) => (ids.at(-1) ?? 0) >= last)
  ).finally(() => Promise.all([world.cursor.stop(), world.roaming.stop()]))
}
