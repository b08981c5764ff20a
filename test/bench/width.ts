/** Events per second of few instances and of many. */
import type { Databases } from "./Databases.ts"
import { startService } from "./Service.ts"
import { type Duration, type Rate, saturate } from "./throughput.ts"
import { type Attempt, type Contender, takeTurns } from "./turns.ts"
import { nothingFetched, settled, withDatabase, withEvolution } from "./world.ts"

export interface Width {
  readonly instances: number
  readonly rates: ReadonlyArray<Rate>
}

const withInstances = (databases: Databases, instances: number): Contender => ({
  name: `${instances} instances`,
  what: "started with all of them, and all have messages",
  open: (use) =>
    withDatabase(databases, instances, (database) =>
      withEvolution(async (evolution) => {
        const { end, pid, signal } = await startService({
          databaseUrl: database.url,
          evolutionUrl: await evolution.ask("url"),
          variables: nothingFetched
        })
        try {
          await settled(database, instances)
          const running = { ...database, done: database.newest, pid, window: 10_000 }
          return await use({
            signal,
            measure: async (duration) => {
              await database.empty()
              return saturate(evolution, running, { instances }, duration)
            }
          })
        } finally {
          await end()
        }
      })
    )
})

export const measureWidths = async (
  databases: Databases,
  widths: ReadonlyArray<number>,
  {
    attempt,
    duration,
    runs
  }: { readonly runs: number; readonly duration: Duration; readonly attempt: Attempt }
): Promise<ReadonlyArray<Width>> => {
  const contenders = widths.map(
    (instances) => [String(instances), withInstances(databases, instances)] as const
  )
  const rates = await takeTurns(Object.fromEntries(contenders), runs, duration, attempt)
  return widths.map((instances) => ({ instances, rates: rates.get(String(instances)) ?? [] }))
}
