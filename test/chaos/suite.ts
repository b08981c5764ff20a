/** Runs one scenario, and many of them side by side. */
import { inspect } from "node:util"
import type { PostgresCluster } from "../support/PostgresCluster.ts"
import { checkAll, invariants } from "./invariants.ts"
import type { Check, Scenario, ScenarioIn } from "./Scenario.ts"
import { sleep, until } from "./until.ts"
import { enter, type World } from "./World.ts"

export interface Outcome {
  readonly name: string
  readonly checks: ReadonlyArray<Check>
  readonly seconds: number
  /** The end of the log of each process of the service. */
  readonly log: ReadonlyArray<string>
}

export interface Setting {
  readonly seed: number
  /** The cluster of scenarios that do not hurt Postgres. */
  readonly shared: PostgresCluster
  /** Number of scenarios that run at once. */
  readonly lanes: number
}

/** A kind of world, and what is checked there at the end. */
export interface Stage<W extends { readonly checks: ReadonlyArray<Check> }, S> {
  /** Titles of the checks that have a column of their own. */
  readonly invariants: ReadonlyArray<string>
  readonly enter: (scenario: S, setting: Setting) => Promise<W>
  /** Waits until no event is under way to the log. */
  readonly catchUp: (world: W, scenario: S) => Promise<void>
  readonly checkAll: (world: W, scenario: S) => Promise<ReadonlyArray<Check>>
  readonly log: (world: W) => ReadonlyArray<string>
  readonly leave: (world: W) => Promise<void>
}

export const runAll = async <
  W extends { readonly checks: ReadonlyArray<Check> },
  S extends ScenarioIn<W>
>(
  stage: Stage<W, S>,
  scenarios: ReadonlyArray<S>,
  setting: Setting
): Promise<ReadonlyArray<Outcome>> => {
  const waiting = [...scenarios].sort((left, right) => right.seconds - left.seconds)
  const outcomes: Array<Outcome> = []
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      outcomes.push(await runOne(stage, next, setting))
  }
  await Promise.all(Array.from({ length: setting.lanes }, lane))
  return scenarios.flatMap((one) => outcomes.filter(({ name }) => name === one.name))
}

const runOne = async <W extends { readonly checks: ReadonlyArray<Check> }, S extends ScenarioIn<W>>(
  stage: Stage<W, S>,
  scenario: S,
  setting: Setting
): Promise<Outcome> => {
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

  const world = await attempt("set up", () => stage.enter(scenario, setting))
  let found: ReadonlyArray<Check> = []
  if (world !== undefined) {
    const limit = (scenario.seconds * 2 + 60) * 1000
    await attempt("run", () => Promise.race([scenario.run(world), tooLong(limit)]))
    await attempt("caught up", () => stage.catchUp(world, scenario))
    found = (await attempt("looked at", () => stage.checkAll(world, scenario))) ?? []
    await attempt("left", () => stage.leave(world))
  }
  return {
    name: scenario.name,
    checks: [...found, ...(world?.checks ?? []), ...failures].map((check) => {
      const known = scenario.known?.[check.title]
      return known === undefined ? check : { ...check, known }
    }),
    seconds: (performance.now() - begin) / 1000,
    log: world === undefined ? [] : stage.log(world)
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

const logLines = 40

/** The end of the output of a process. */
export const endOf = (output: string, lines = logLines): ReadonlyArray<string> =>
  output.trim().split("\n").slice(-lines)

/** One process of the service. */
export const alone: Stage<World, Scenario> = {
  invariants,
  enter: (scenario, { seed, shared }) => enter(scenario, seed, shared),
  catchUp,
  checkAll,
  log: ({ service }) => endOf(service.output()),
  leave: ({ leave }) => leave()
}
