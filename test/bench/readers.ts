/** The share of the ingest rate that a thousand readers of the event stream cost. */
import type { Checkout } from "./Checkout.ts"
import { manyInstances } from "./contenders.ts"
import type { Database } from "./Databases.ts"
import { type Program, startProgram } from "./Program.ts"
import { nameOf } from "./programs/Evolution/Feed.ts"
import type { Reader } from "./programs/reader.ts"
import { apiKey, type Service, startService } from "./Service.ts"
import { type Duration, type Rate, saturate } from "./throughput.ts"
import { sleep } from "./time.ts"
import { inTurn } from "./turns.ts"
import type { EvolutionProgram } from "./world.ts"
import { listenTo, withAll, withDatabase, withEvolution } from "./world.ts"

export interface ReadersResult {
  readonly readers: number
  readonly without: ReadonlyArray<Rate>
  readonly with: ReadonlyArray<Rate>
  /** Events a second that reached each reader. */
  readonly reached: ReadonlyArray<number>
}

const watchedPerSecond = 100
/** The service serves many readers some times a second: the last events need that long. */
const settleMillis = 1000

interface Scene {
  readonly evolution: EvolutionProgram
  readonly database: Database
  readonly service: Service
  readonly reader: Program<Reader>
}

const withScene = <A>({ databases, directory }: Checkout, use: (scene: Scene) => Promise<A>) =>
  withDatabase(databases, 0, (database) =>
    withEvolution(async (evolution) => {
      const service = await startService({
        directory,
        databaseUrl: database.url,
        evolutionUrl: await evolution.ask("url")
      })
      const reader = await startProgram<Reader>("reader")
      try {
        await listenTo(evolution, service, manyInstances)
        return await use({ evolution, database, service, reader })
      } finally {
        await reader.end()
        await service.end()
      }
    })
  )

const measureOnce = async (
  { database, evolution, reader, service }: Scene,
  { duration, readers }: { readonly duration: Duration; readonly readers: number }
) => {
  const running = { ...database, done: database.newest, pid: service.pid, window: 10_000 }
  const feed = { instances: manyInstances, watchedPerSecond }
  /** Each measurement begins with an empty table, as a full one has its price, too. */
  const measure = async () => {
    await database.empty()
    return saturate(evolution, running, feed, duration)
  }
  const without = await measure()
  await reader.ask("open", {
    port: service.port,
    path: `/events/stream?instance=${nameOf(0)}`,
    apiKey,
    readers,
    isTimed: false
  })
  await reader.ask("facts")
  const withReaders = await measure()
  await sleep(settleMillis)
  const { events, open } = await reader.ask("facts")
  if (open !== readers) throw new Error(`Of ${readers} readers ${open} are left`)
  await reader.ask("close")
  return {
    without,
    with: withReaders,
    reached: events / (duration.warmUp + duration.seconds)
  }
}

/**
 * Each reader reads the stream of one instance that has 100 events a second; the others have as many as go.
 * Gives one result for each checkout, measured in turn.
 */
export const measureReaders = (
  checkouts: ReadonlyArray<Checkout>,
  {
    duration,
    readers,
    runs
  }: { readonly duration: Duration; readonly readers: number; readonly runs: number }
): Promise<ReadonlyArray<ReadersResult>> =>
  withAll(checkouts, withScene, async (scenes: ReadonlyArray<Scene>) => {
    const found = await inTurn(scenes, runs, (scene) => measureOnce(scene, { duration, readers }))
    return found.map((all) => ({
      readers,
      without: all.map((one) => one.without),
      with: all.map((one) => one.with),
      reached: all.map((one) => one.reached)
    }))
  })
