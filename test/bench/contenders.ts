/** Who is measured side by side: the rivals, the limits, and we. */
import type { Database, Databases } from "./Databases.ts"
import { withInserts } from "./limit.ts"
import { startProgram } from "./Program.ts"
import type { Plan } from "./programs/inserts.ts"
import { startService } from "./Service.ts"
import { type Duration, type Rate, saturate } from "./throughput.ts"
import { until } from "./time.ts"
import { listenTo, withDatabase, withEvolution } from "./world.ts"

export interface Contender {
  readonly name: string
  readonly what: string
  readonly measure: (duration: Duration) => Promise<Rate>
}

/** Instances the messages are of, unless something else is said. */
export const manyInstances = 100

/** On the way at once, to who gathers them on its heap. */
const window = { naive: 300, pooled: 1000, batched: 10_000 }

/** Sockets set the pace. */
const unlimited = 1e9

/** Every message that was sent is in the table, and once. */
export const checked = (database: Database, sent: number): Promise<unknown> =>
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

const rival = (
  databases: Databases,
  program: keyof typeof window,
  what: Pick<Contender, "name" | "what">
): Contender => ({
  ...what,
  measure: (duration) =>
    withDatabase(databases, 0, (database) =>
      withEvolution(async (evolution) => {
        const variables = { DATABASE_URL: database.url, EVOLUTION_URL: await evolution.ask("url") }
        const { end, pid } = await startProgram(program, { variables })
        try {
          const running = { ...database, done: database.newest, pid, window: window[program] }
          const rate = await saturate(evolution, running, { instances: manyInstances }, duration)
          await checked(database, await evolution.ask("sent"))
          return rate
        } finally {
          await end()
        }
      })
    )
})

/** One that stores nothing, and whose socket sets the pace. */
const receiver = (program: string, what: Pick<Contender, "name" | "what">): Contender => ({
  ...what,
  measure: (duration) =>
    withEvolution(async (evolution) => {
      const url = await evolution.ask("url")
      const { ask, end, pid } = await startProgram<{ readonly count: () => number }>(program, {
        variables: {
          EVOLUTION_URL: url,
          EVOLUTION_API_URL: url,
          EVOLUTION_API_KEY: "any",
          INSTANCES: String(manyInstances)
        }
      })
      try {
        const done = () => ask("count")
        const running = { done, backends: async () => [], pid, window: unlimited }
        return await saturate(evolution, running, { instances: manyInstances }, duration)
      } finally {
        await end()
      }
    })
})

const ours = (
  databases: Databases,
  what: Pick<Contender, "name" | "what">,
  options: { readonly mode?: "global" | "namespace"; readonly isBinary?: boolean } = {}
): Contender => ({
  ...what,
  measure: (duration) =>
    withDatabase(databases, 0, (database) =>
      withEvolution(async (evolution) => {
        const service = await startService({
          ...options,
          databaseUrl: database.url,
          evolutionUrl: await evolution.ask("url")
        })
        try {
          await listenTo(evolution, service, manyInstances)
          const running = {
            ...database,
            done: database.newest,
            pid: service.pid,
            window: window.batched
          }
          const feed = { instances: manyInstances, isBinary: options.isBinary ?? false }
          const rate = await saturate(evolution, running, feed, duration)
          await checked(database, await evolution.ask("sent"))
          return rate
        } finally {
          await service.end()
        }
      })
    )
})

const embedded = (what: Pick<Contender, "name" | "what">): Contender => ({
  ...what,
  measure: (duration) =>
    withEvolution(async (evolution) => {
      const service = await startService({ evolutionUrl: await evolution.ask("url") })
      try {
        await listenTo(evolution, service, manyInstances)
        const running = {
          done: service.newest,
          backends: async () => [],
          pid: service.pid,
          window: window.batched
        }
        return await saturate(evolution, running, { instances: manyInstances }, duration)
      } finally {
        await service.end()
      }
    })
})

/** Postgres alone; the plan is found when it is known how it does best. */
const alone = (
  databases: Databases,
  plan: Plan,
  what: Pick<Contender, "name" | "what">
): Contender => ({
  ...what,
  measure: ({ seconds, warmUp }) =>
    withInserts(databases, async ({ ask }) => {
      await ask("prepare", plan)
      await ask("run", warmUp)
      return {
        eventsPerSecond: await ask("run", seconds),
        ownMicros: Number.NaN,
        databaseMicros: Number.NaN
      }
    })
})

/** The rows of the table. `best`: how Postgres alone does best. */
export const contenders = (databases: Databases, best: Plan) => ({
  naive: rival(databases, "naive", {
    name: "naive",
    what: "socket.io-client + pg, one INSERT awaited per event"
  }),
  pooled: rival(databases, "pooled", { name: "pooled", what: "the same, pool of 10" }),
  batched: rival(databases, "batched", {
    name: "hand-batched",
    what: "socket.io-client + queue + unnest; nothing decoded, no state"
  }),
  postgres: alone(databases, best, {
    name: "Postgres alone",
    what: `the same rows by ${best.way}, ${best.batch} at once`
  }),
  us: ours(databases, { name: "us", what: "wire, decode, commit, project, publish" }),
  wire: receiver("wire", { name: "wire alone", what: "ws + JSON.parse, nothing stored" }),
  bare: receiver("bare", { name: "socket.io-client", what: "bare receive, nothing stored" }),
  unstored: receiver("unstored", { name: "us, storage off", what: "as us, and nothing stored" })
})

/** What is of interest beside, with fewer runs. */
export const besides = (databases: Databases, best: Plan) => ({
  twice: alone(
    databases,
    { ...best, connections: 2 },
    { name: "Postgres alone, twice", what: "the same on two connections, so in no order" }
  ),
  namespaces: ours(
    databases,
    { name: "us, by namespaces", what: `a connection an instance, ${manyInstances} of them` },
    { mode: "namespace" }
  ),
  binary: ours(
    databases,
    { name: "us, with attachments", what: "600 bytes of image in a frame of their own" },
    { isBinary: true }
  ),
  embedded: embedded({ name: "us, embedded", what: "the database inside the process" })
})
