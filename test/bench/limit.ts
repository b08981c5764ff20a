/** The rate of Postgres alone: the same rows, table and indexes, by the fastest of several ways. */
import type { Database, Databases } from "./Databases.ts"
import { type Program, startProgram } from "./Program.ts"
import type { Inserts, Plan } from "./programs/inserts.ts"
import { withDatabase } from "./world.ts"

const ways: ReadonlyArray<Plan["way"]> = [
  "copy",
  "jsonb recordset",
  "json recordset",
  "unnest",
  "ours"
]
const batches = [500, 2000]

export interface Trial extends Plan {
  readonly rowsPerSecond: number
}

export const withInserts = <A>(
  databases: Databases,
  use: (inserts: Program<Inserts>, database: Database) => Promise<A>
): Promise<A> =>
  withDatabase(databases, 0, async (database) => {
    const variables = { DATABASE_URL: database.url }
    const inserts = await startProgram<Inserts>("inserts", { variables })
    try {
      return await use(inserts, database)
    } finally {
      await inserts.end()
    }
  })

/** Tries every way with every batch size on one connection; gives the fastest first. */
export const tryAll = (databases: Databases, seconds: number): Promise<ReadonlyArray<Trial>> =>
  withInserts(databases, async ({ ask }, { empty }) => {
    const trials: Array<Trial> = []
    for (const batch of batches)
      for (const way of ways) {
        const plan: Plan = { way, batch, connections: 1 }
        await empty()
        await ask("prepare", plan)
        await ask("run", seconds / 4)
        trials.push({ ...plan, rowsPerSecond: await ask("run", seconds) })
      }
    return trials.sort((left, right) => right.rowsPerSecond - left.rowsPerSecond)
  })
