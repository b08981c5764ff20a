/** The time from Evolution's sending until an event, committed, is on a reader's screen. */
import type { Checkout } from "./Checkout.ts"
import type { Databases } from "./Databases.ts"
import { withInserts } from "./limit.ts"
import { type Program, startProgram } from "./Program.ts"
import type { Reader } from "./programs/reader.ts"
import { apiKey, type Service, startService } from "./Service.ts"
import { quantile } from "./statistics.ts"
import { sleep } from "./time.ts"
import { stopped } from "./turns.ts"
import type { EvolutionProgram } from "./world.ts"
import { listenTo, withAll, withDatabase, withEvolution } from "./world.ts"

/** In ms. */
export interface Latency {
  readonly p50: number
  readonly p99: number
}

export interface Pair {
  readonly ours: Latency
  /** One INSERT awaited after the other, on a connection with nothing else to do. */
  readonly bare: Latency
  /** The checkout that `--against` names, in the same turn. */
  readonly theirs?: Latency
}

export interface LatencyResult {
  readonly pairs: ReadonlyArray<Pair>
  readonly byLoad: ReadonlyArray<Latency & { readonly eventsPerSecond: number }>
}

const instances = 100
const warmUpSeconds = 4
/** Time from the beginning of the feed to the measurement. */
const startMillis = 500

export const latencyOf = (millis: ReadonlyArray<number>): Latency => ({
  p50: quantile(millis, 0.5),
  p99: quantile(millis, 0.99)
})

interface Scene {
  readonly evolution: EvolutionProgram
  readonly service: Service
  readonly reader: Program<Reader>
}

/** A service with a reader of its whole stream. */
const withReader = <A>(
  { databases, directory }: Checkout,
  use: (scene: Scene) => Promise<A>
): Promise<A> =>
  withDatabase(databases, 0, ({ url }) =>
    withEvolution(async (evolution) => {
      const service = await startService({
        directory,
        databaseUrl: url,
        evolutionUrl: await evolution.ask("url")
      })
      const reader = await startProgram<Reader>("reader")
      try {
        await listenTo(evolution, service, instances)
        const { port } = service
        const path = "/events/stream"
        await reader.ask("open", { port, path, apiKey, readers: 1, isTimed: true })
        return await use({ evolution, service, reader })
      } finally {
        await reader.end()
        await service.end()
      }
    })
  )

const under = async (
  { evolution, reader }: Scene,
  eventsPerSecond: number,
  seconds: number
): Promise<Latency> => {
  await evolution.ask("begin", { instances, eventsPerSecond })
  await sleep(startMillis)
  await reader.ask("facts")
  await sleep(seconds * 1000)
  const { took } = await reader.ask("facts")
  await evolution.ask("stop")
  await sleep(settleMillis)
  if (took.length < eventsPerSecond * seconds * 0.5)
    return { p50: Number.POSITIVE_INFINITY, p99: Number.POSITIVE_INFINITY }
  return latencyOf(took)
}

const settleMillis = 200

interface Options {
  readonly runs: number
  readonly seconds: number
  /** Events per second at which our latency is measured, too. */
  readonly loads: ReadonlyArray<number>
}

/** The bare INSERT runs in `databases`; the second checkout, if there is one, is "theirs". */
export const measureLatency = (
  databases: Databases,
  checkouts: ReadonlyArray<Checkout>,
  { loads, runs, seconds }: Options
): Promise<LatencyResult> =>
  withAll(checkouts, withReader, ([us, them]: ReadonlyArray<Scene>) =>
    withInserts(databases, async (inserts) => {
      if (us === undefined) throw new Error("There is nothing to measure")
      const all = them === undefined ? [us] : [us, them]
      // The warm-up lets V8 compile the hot code.
      for (const scene of all) await under(scene, 1000, warmUpSeconds)
      await inserts.ask("awaited", 0.5)
      const pairs = await stopped(all, async (during) => {
        const pairs: Array<Pair> = []
        for (let run = 0; run < runs; run++) {
          const ours = await during(us, () => under(us, 1000, seconds))
          const bare = latencyOf(await inserts.ask("awaited", seconds))
          const theirs = them && (await during(them, () => under(them, 1000, seconds)))
          pairs.push({ ours, bare, ...(theirs && { theirs }) })
        }
        return pairs
      })
      const byLoad: Array<Latency & { eventsPerSecond: number }> = []
      for (const eventsPerSecond of loads)
        byLoad.push({ eventsPerSecond, ...(await under(us, eventsPerSecond, seconds)) })
      return { pairs, byLoad }
    })
  )
