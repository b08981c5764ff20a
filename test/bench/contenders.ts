/** The contenders: rivals, limits, and our service. */
import type { Checkout } from "./Checkout.ts"
import type { Database, Databases } from "./Databases.ts"
import { withInserts } from "./limit.ts"
import { startProgram } from "./Program.ts"
import type { Plan } from "./programs/inserts.ts"
import { type ServiceOptions, startService } from "./Service.ts"
import { saturate } from "./throughput.ts"
import { until } from "./time.ts"
import type { Contender, Stage } from "./turns.ts"
import type { EvolutionProgram } from "./world.ts"
import { listenTo, withDatabase, withEvolution } from "./world.ts"

/** Instances that have messages, by default. */
export const manyInstances = 100

/** Unacknowledged messages for contenders that queue on their heap. */
export const window = { naive: 300, pooled: 1000, batched: 10_000 }

/** For contenders whose sockets set the pace. */
const unlimited = 1e9

/** Checks that every message that was sent is in the table exactly once. */
const checked = (database: Database, sent: number): Promise<unknown> =>
  until(
    `${sent} different messages are stored`,
    async () => {
      const [row] = await database.query<{ rows: string; ids: string }>(
        `select count(*) as rows, count(distinct data #>> '{key,id}') as ids
         from events where event = 'messages.upsert'`
      )
      return Number(row?.rows) === sent && Number(row?.ids) === sent
    },
    { within: 10_000 }
  )

type Named = Pick<Contender, "name" | "what">

/** A stage that stores messages: begins with an empty table and checks that none is missing afterwards. */
export const storing = (
  evolution: EvolutionProgram,
  database: Database,
  { pid, signal }: { readonly pid: number } & Pick<Stage, "signal">,
  feed: { readonly instances: number; readonly isBinary?: boolean },
  window: number
): Stage => ({
  signal,
  measure: async (duration) => {
    await database.empty()
    const running = { ...database, done: database.newest, pid, window }
    const rate = await saturate(evolution, running, feed, duration)
    await checked(database, await evolution.ask("sent"))
    return rate
  }
})

const rival = (databases: Databases, program: keyof typeof window, named: Named): Contender => ({
  ...named,
  open: (use) =>
    withDatabase(databases, 0, (database) =>
      withEvolution(async (evolution) => {
        const variables = { DATABASE_URL: database.url, EVOLUTION_URL: await evolution.ask("url") }
        const started = await startProgram(program, { variables })
        const feed = { instances: manyInstances }
        try {
          return await use(storing(evolution, database, started, feed, window[program]))
        } finally {
          await started.end()
        }
      })
    )
})

/** A contender that stores nothing; its socket sets the pace. */
const receiver = (program: string, named: Named): Contender => ({
  ...named,
  open: (use) =>
    withEvolution(async (evolution) => {
      const url = await evolution.ask("url")
      const { ask, end, pid, signal } = await startProgram<{ readonly count: () => number }>(
        program,
        {
          variables: {
            EVOLUTION_URL: url,
            EVOLUTION_API_URL: url,
            EVOLUTION_API_KEY: "any",
            INSTANCES: String(manyInstances)
          }
        }
      )
      const running = {
        done: () => ask("count"),
        backends: async () => [],
        pid,
        window: unlimited
      }
      try {
        return await use({
          signal,
          measure: (duration) =>
            saturate(evolution, running, { instances: manyInstances }, duration)
        })
      } finally {
        await end()
      }
    })
})

export const service = (
  { databases, directory }: Checkout,
  named: Named,
  options: Pick<ServiceOptions, "mode" | "program"> & { readonly isBinary?: boolean } = {}
): Contender => ({
  ...named,
  open: (use) =>
    withDatabase(databases, 0, (database) =>
      withEvolution(async (evolution) => {
        const started = await startService({
          ...options,
          directory,
          databaseUrl: database.url,
          evolutionUrl: await evolution.ask("url")
        })
        const feed = { instances: manyInstances, isBinary: options.isBinary ?? false }
        try {
          await listenTo(evolution, started, manyInstances)
          return await use(storing(evolution, database, started, feed, window.batched))
        } finally {
          await started.end()
        }
      })
    )
})

const embedded = (named: Named): Contender => ({
  ...named,
  open: (use) =>
    withEvolution(async (evolution) => {
      const service = await startService({ evolutionUrl: await evolution.ask("url") })
      const { end, newest, pid, signal } = service
      const running = { done: newest, backends: async () => [], pid, window: window.batched }
      try {
        await listenTo(evolution, service, manyInstances)
        return await use({
          signal,
          measure: (duration) =>
            saturate(evolution, running, { instances: manyInstances }, duration)
        })
      } finally {
        await end()
      }
    })
})

/** Postgres alone, by the fastest plan. */
const alone = (databases: Databases, plan: Plan, named: Named): Contender => ({
  ...named,
  open: (use) =>
    withInserts(databases, async ({ ask, signal }, { empty }) => {
      await ask("prepare", plan)
      return use({
        signal,
        measure: async ({ seconds, warmUp }) => {
          await empty()
          await ask("run", warmUp)
          return {
            eventsPerSecond: await ask("run", seconds),
            ownMicros: Number.NaN,
            databaseMicros: Number.NaN
          }
        }
      })
    })
})

/** The rows of the table. `best`: the fastest plan of Postgres alone. */
export const contenders = (us: Checkout, them: Checkout | undefined, best: Plan) => ({
  naive: rival(us.databases, "naive", {
    name: "naive",
    what: "socket.io-client + pg, one INSERT awaited per event"
  }),
  pooled: rival(us.databases, "pooled", { name: "pooled", what: "the same, pool of 10" }),
  batched: rival(us.databases, "batched", {
    name: "hand-batched",
    what: "socket.io-client + queue + unnest; nothing decoded, no state"
  }),
  postgres: alone(us.databases, best, {
    name: "Postgres alone",
    what: `the same rows by ${best.way}, ${best.batch} at once`
  }),
  us: service(us, { name: "us", what: "wire, decode, commit, project, publish" }),
  ...(them && { them: service(them, { name: "them", what: `the same at ${them.directory}` }) }),
  wire: receiver("wire", { name: "wire alone", what: "ws + JSON.parse, nothing stored" }),
  bare: receiver("bare", { name: "socket.io-client", what: "bare receive, nothing stored" }),
  unstored: receiver("unstored", { name: "us, storage off", what: "as us, and nothing stored" })
})

/** Further rows, measured with fewer runs. */
export const besides = (us: Checkout, best: Plan) => ({
  twice: alone(
    us.databases,
    { ...best, connections: 2 },
    { name: "Postgres alone, twice", what: "the same on two connections, so in no order" }
  ),
  namespaces: service(
    us,
    { name: "us, by namespaces", what: `a connection an instance, ${manyInstances} of them` },
    { mode: "namespace" }
  ),
  binary: service(
    us,
    { name: "us, with attachments", what: "600 bytes of image in a frame of their own" },
    { isBinary: true }
  ),
  embedded: embedded({ name: "us, embedded", what: "the database inside the process" })
})
