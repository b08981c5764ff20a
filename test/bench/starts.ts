/** The time from the start of the process until the service is ready. */

import type { Databases } from "./Databases.ts"
import { startService } from "./Service.ts"
import { withDatabase, withEvolution } from "./world.ts"

/** In ms. */
export interface StartsResult {
  readonly postgres: ReadonlyArray<number>
  /** In an empty directory. */
  readonly embedded: ReadonlyArray<number>
}

export const measureStarts = (databases: Databases, runs: number): Promise<StartsResult> =>
  withEvolution(async (evolution) => {
    const evolutionUrl = await evolution.ask("url")
    const start = async (databaseUrl?: string): Promise<number> => {
      const service = await startService({ evolutionUrl, databaseUrl })
      await service.end()
      return service.readyAfter
    }
    const result = { postgres: [] as Array<number>, embedded: [] as Array<number> }
    for (let run = 0; run < runs; run++) {
      result.postgres.push(await withDatabase(databases, 0, ({ url }) => start(url)))
      result.embedded.push(await start())
    }
    return result
  })
