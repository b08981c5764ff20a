/** Events per second of few instances and of many. */

import type { Database, Databases } from "./Databases.ts"
import { type Service, startService } from "./Service.ts"
import { type Duration, type Rate, saturate } from "./throughput.ts"
import type { EvolutionProgram } from "./world.ts"
import { nothingFetched, settled, withDatabase, withEvolution } from "./world.ts"

export interface Width {
  readonly instances: number
  readonly rates: ReadonlyArray<Rate>
}

interface Scene {
  readonly instances: number
  readonly evolution: EvolutionProgram
  readonly service: Service
  readonly database: Database
  readonly rates: Array<Rate>
}

/** By turns; who has no turn stands still, since ten thousand idle instances cost a little, too. */
const takeTurns = async (
  scenes: ReadonlyArray<Scene>,
  runs: number,
  duration: Duration
): Promise<ReadonlyArray<Width>> => {
  for (let run = 0; run < runs; run++)
    for (const { database, evolution, instances, rates, service } of scenes) {
      service.signal("SIGCONT")
      const running = { ...database, done: database.newest, pid: service.pid, window: 10_000 }
      rates.push(await saturate(evolution, running, { instances }, duration))
      await database.query("truncate events")
      service.signal("SIGSTOP")
    }
  return scenes
}

export const measureWidths = (
  databases: Databases,
  widths: ReadonlyArray<number>,
  { duration, runs }: { readonly runs: number; readonly duration: Duration }
): Promise<ReadonlyArray<Width>> => {
  const enter = (
    left: ReadonlyArray<number>,
    scenes: ReadonlyArray<Scene>
  ): Promise<ReadonlyArray<Width>> => {
    const [instances, ...others] = left
    if (instances === undefined) return takeTurns(scenes, runs, duration)
    return withDatabase(databases, instances, (database) =>
      withEvolution(async (evolution) => {
        const service = await startService({
          databaseUrl: database.url,
          evolutionUrl: await evolution.ask("url"),
          variables: nothingFetched
        })
        try {
          await settled(database, instances)
          service.signal("SIGSTOP")
          const scene = { instances, evolution, service, database, rates: [] }
          return await enter(others, [...scenes, scene])
        } finally {
          await service.end()
        }
      })
    )
  }
  return enter(widths, [])
}
