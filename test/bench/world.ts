/** The surroundings of a measurement: an Evolution and a database of its own, removed afterwards. */
import type { Database, Databases } from "./Databases.ts"
import { type Program, startProgram } from "./Program.ts"
import { nameOf } from "./programs/Evolution/Feed.ts"
import type { Evolution } from "./programs/evolution.ts"
import type { Service } from "./Service.ts"
import { until } from "./time.ts"

export type EvolutionProgram = Program<Evolution>

export const withEvolution = async <A>(
  use: (evolution: EvolutionProgram) => Promise<A>
): Promise<A> => {
  const evolution = await startProgram<Evolution>("evolution")
  try {
    return await use(evolution)
  } finally {
    await evolution.end()
  }
}

export const withDatabase = async <A>(
  databases: Databases,
  instances: number,
  use: (database: Database) => Promise<A>
): Promise<A> => {
  const database = await databases.create(instances)
  try {
    return await use(database)
  } finally {
    await database.drop()
  }
}

/** Starts listeners one by one; resolves when all listen and Evolution gets no more questions. */
export const listenTo = async (
  { ask }: EvolutionProgram,
  service: Service,
  instances: number
): Promise<void> => {
  await service.listen(Array.from({ length: instances }, (_, index) => nameOf(index)))
  await until("all listen", async () => (await service.listening()) === instances)
  await until("nothing is asked any more", async () => (await ask("facts")).quietFor > 300)
}

/** Resolves when all of the database's instances have a snapshot and no gap is unfinished. */
export const settled = (database: Database, instances: number): Promise<number> =>
  until(
    "all have settled",
    async () => {
      const [row] = await database.query<{ asked: string; unfinished: string }>(
        `select (select count(distinct instance) from events where origin = 'snapshot') as asked,
           (select count(*) from gaps where "to" is null or recovered is null) as unfinished`
      )
      return Number(row?.asked) >= instances && Number(row?.unfinished) === 0
    },
    { every: 500, within: 100_000 }
  )

/** Turns back-fill off: it is slow on purpose, to spare Evolution, and would only delay the bench. */
export const nothingFetched = { BACKFILL_LIMIT: "0" }

/** Opens a scene for each of the items, one inside the other, and closes all of them after `use`. */
export const withAll = <Item, Scene, A>(
  items: ReadonlyArray<Item>,
  open: (item: Item, use: (scene: Scene) => Promise<A>) => Promise<A>,
  use: (scenes: ReadonlyArray<Scene>) => Promise<A>,
  opened: ReadonlyArray<Scene> = []
): Promise<A> => {
  const [first, ...rest] = items
  if (first === undefined) return use(opened)
  return open(first, (scene) => withAll(rest, open, use, [...opened, scene]))
}
