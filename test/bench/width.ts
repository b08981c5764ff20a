/** Events per second with few instances and with many, and the other figures of the many. */

import type { Checkout } from "./Checkout.ts"
import { storing, window } from "./contenders.ts"
import { type CrowdResult, measureCrowd, type Scene } from "./crowd.ts"
import type { Databases } from "./Databases.ts"
import { startService } from "./Service.ts"
import type { Duration, Rate } from "./throughput.ts"
import { type Attempt, type Contender, type Stage, takeTurns } from "./turns.ts"
import { nothingFetched, settled, withDatabase, withEvolution } from "./world.ts"

export interface Width {
  readonly instances: number
  readonly rates: ReadonlyArray<Rate>
}

const stageOf = ({ database, evolution, service }: Scene, instances: number): Stage =>
  storing(evolution, database, service, { instances }, window.batched)

const named = (instances: number) => ({
  name: `${instances} instances`,
  what: "started with all of them, and all have messages"
})

const few = (databases: Databases, instances: number): Contender => ({
  ...named(instances),
  open: (use) =>
    withDatabase(databases, instances, (database) =>
      withEvolution(async (evolution) => {
        const service = await startService({
          databaseUrl: database.url,
          evolutionUrl: await evolution.ask("url"),
          variables: nothingFetched
        })
        try {
          await settled(database, instances)
          return await use(stageOf({ evolution, service, database }, instances))
        } finally {
          await service.end()
        }
      })
    )
})

interface Options {
  readonly runs: number
  readonly duration: Duration
  readonly attempt: Attempt
}

/** The many instances share one connection and are started once, as that takes long. */
export const measureWidths = async (
  us: Checkout,
  fewer: ReadonlyArray<number>,
  crowd: number,
  { attempt, duration, runs }: Options
): Promise<{ readonly widths: ReadonlyArray<Width>; readonly many: CrowdResult }> => {
  const [many, widths] = await measureCrowd(us, "global", crowd, async (scene) => {
    const there: Contender = {
      ...named(crowd),
      open: async (use) => {
        const used = await use(stageOf(scene, crowd))
        scene.service.signal("SIGCONT") // it stands still after its last turn, and is measured further
        return used
      }
    }
    const contenders = [
      ...fewer.map((instances) => [String(instances), few(us.databases, instances)] as const),
      [String(crowd), there] as const
    ]
    const rates = await takeTurns(Object.fromEntries(contenders), runs, duration, attempt)
    return contenders.map(([key]) => ({ instances: Number(key), rates: rates.get(key) ?? [] }))
  })
  return { widths, many }
}
