/** What a thousand readers of the event stream cost the taking in. */
import { manyInstances } from "./contenders.ts"
import type { Databases } from "./Databases.ts"
import { startProgram } from "./Program.ts"
import { nameOf } from "./programs/Evolution/Feed.ts"
import type { Reader } from "./programs/reader.ts"
import { apiKey, startService } from "./Service.ts"
import { type Duration, type Rate, saturate } from "./throughput.ts"
import { sleep } from "./time.ts"
import { listenTo, withDatabase, withEvolution } from "./world.ts"

export interface ReadersResult {
  readonly readers: number
  readonly without: ReadonlyArray<Rate>
  readonly with: ReadonlyArray<Rate>
  /** Events a second that reached each reader. */
  readonly reached: ReadonlyArray<number>
}

const watchedPerSecond = 100
/** Many readers are given what they want some times a second. */
const settleMillis = 1000

/** Each reads the stream of one instance that has 100 events a second; the others have as many as go. */
export const measureReaders = (
  databases: Databases,
  { duration, readers, runs }: { duration: Duration; readers: number; runs: number }
): Promise<ReadersResult> =>
  withDatabase(databases, 0, (database) =>
    withEvolution(async (evolution) => {
      const service = await startService({
        databaseUrl: database.url,
        evolutionUrl: await evolution.ask("url")
      })
      const reader = await startProgram<Reader>("reader")
      await listenTo(evolution, service, manyInstances)
      const running = { ...database, done: database.newest, pid: service.pid, window: 10_000 }
      const feed = { instances: manyInstances, watchedPerSecond }
      const result = {
        readers,
        without: [] as Array<Rate>,
        with: [] as Array<Rate>,
        reached: [] as Array<number>
      }
      /** Each time from an empty table: what is there already has its price, too. */
      const measure = async () => {
        await database.empty()
        return saturate(evolution, running, feed, duration)
      }
      for (let run = 0; run < runs; run++) {
        result.without.push(await measure())
        await reader.ask("open", {
          port: service.port,
          path: `/events/stream?instance=${nameOf(0)}`,
          apiKey,
          readers,
          isTimed: false
        })
        await reader.ask("facts")
        result.with.push(await measure())
        await sleep(settleMillis) // what was sent last gets there, too
        const { events, open } = await reader.ask("facts")
        if (open !== readers) throw new Error(`Of ${readers} readers ${open} are left`)
        result.reached.push(events / (duration.warmUp + duration.seconds))
        await reader.ask("close")
      }
      await reader.end()
      await service.end()
      return result
    })
  )
