/** Runs one scenario, and many of them side by side. */
import { inspect } from "node:util"
import type { PostgresCluster } from "../support/PostgresCluster.ts"
import { checkAll } from "./invariants.ts"
import type { Check, Scenario } from "./Scenario.ts"
import { sleep, until } from "./until.ts"
import { enter, type World } from "./World.ts"

export interface Outcome {
  readonly scenario: Scenario
  readonly checks: ReadonlyArray<Check>
  readonly seconds: number
  /** The end of the service's log. */
  readonly log: ReadonlyArray<string>
}

export interface Setting {
  readonly seed: number
  /** The cluster of scenarios that do not hurt Postgres. */
  readonly shared: PostgresCluster
  /** Number of scenarios that run at once. */
  readonly lanes: number
}

const logLines = 40

export const runAll = async (
  scenarios: ReadonlyArray<Scenario>,
  setting: Setting
): Promise<ReadonlyArray<Outcome>> => {
  const waiting = [...scenarios].sort((left, right) => right.seconds - left.seconds)
  const outcomes: Array<Outcome> = []
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      outcomes.push(await runOne(next, setting))
  }
  await Promise.all(Array.from({ length: setting.lanes }, lane))
  return scenarios.flatMap((one) => outcomes.filter(({ scenario }) => scenario === one))
}

const runOne = async (scenario: Scenario, { seed, shared }: Setting): Promise<Outcome> => {
  const begin = performance.now()
  const failures: Array<Check> = []
  const attempt = async <A>(title: string, act: () => Promise<A>): Promise<A | undefined> => {
    try {
      return await act()
    } catch (error) {
      failures.push({ title, isOk: false, figure: "", details: [inspect(error)] })
      return undefined
    }
  }

  const world = await attempt("set up", () => enter(scenario, seed, shared))
  let found: ReadonlyArray<Check> = []
  if (world !== undefined) {
    const limit = (scenario.seconds * 2 + 60) * 1000
    await attempt("run", () => Promise.race([scenario.run(world), tooLong(limit)]))
    await attempt("caught up", () => catchUp(world, scenario))
    found = (await attempt("looked at", () => checkAll(world, scenario))) ?? []
    await attempt("left", world.leave)
  }
  return {
    scenario,
    checks: [...found, ...(world?.checks ?? []), ...failures],
    seconds: (performance.now() - begin) / 1000,
    log: (world?.service.output() ?? "").trim().split("\n").slice(-logLines)
  }
}

const tooLong = async (millis: number): Promise<never> => {
  await sleep(millis)
  throw new Error(`It takes longer than ${millis / 1000} s`)
}

/** Waits until no event is under way to the log, live or by back-fill. */
const catchUp = async (world: World, { isBackfilled, patience = 60 }: Scenario): Promise<void> => {
  const within = patience * 1000
  await world.evolution.endLoad()
  await world.allListening(within)
  // Events come in order: after the last one, no earlier one can still come.
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
    const gaps = await world.gaps()
    return gaps.every(({ recovered, to }) =>
      isBackfilled === true ? recovered === true : to !== null && recovered !== null
    )
  })
}
