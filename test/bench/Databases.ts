/** Databases of the bench at `TEST_DATABASE_URL`: copies of a migrated one, dropped after use. */
import { Effect, Layer, Redacted } from "effect"
import pg from "pg"
import * as Sql from "../../src/Storage/Sql.ts"
import { nameOf } from "./programs/Evolution/Feed.ts"

export interface Database {
  readonly url: string
  readonly query: <Row extends pg.QueryResultRow>(
    text: string,
    values?: ReadonlyArray<unknown>
  ) => Promise<ReadonlyArray<Row>>
  /** Number of committed events, by the newest id: the ids of a run have no holes. */
  readonly newest: () => Promise<number>
  /** Number of events in the table. */
  readonly count: () => Promise<number>
  /** Pids of the Postgres processes that serve it, without our own connection. */
  readonly backends: () => Promise<ReadonlyArray<number>>
  /** Deletes the events and checkpoints, so that earlier writes do not slow the next measurement down. */
  readonly empty: () => Promise<void>
  readonly drop: () => Promise<void>
}

export interface Databases {
  readonly version: string
  /** Settings that determine the cost of a commit. */
  readonly settings: Readonly<Record<string, string>>
  /** Creates a database with that many instances to listen to, and no events. */
  readonly create: (instances: number) => Promise<Database>
  readonly close: () => Promise<void>
}

const prefix = "evolution_listener_bench"

const at = (url: string, database: string): string => {
  const own = new URL(url)
  own.pathname = `/${database}`
  return own.href
}

const connect = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined) // the query that fails reports it
  await client.connect()
  return client
}

const interesting = [
  "fsync",
  "synchronous_commit",
  "wal_sync_method",
  "full_page_writes",
  "shared_buffers",
  "max_wal_size"
]

/** Migrates an empty database as this checkout does. */
export const migrateOurs = (url: string): Promise<unknown> =>
  Effect.runPromise(Effect.scoped(Layer.build(Sql.layerPostgres(Redacted.make(url)))))

let numbers = 0

/** Opens `url` for databases that are copies of one which `migrate` has migrated. */
export const openDatabases = async (
  url: string,
  migrate: (url: string) => Promise<unknown>
): Promise<Databases> => {
  const admin = await connect(url)
  const { rows: leftOver } = await admin.query<{ datname: string }>(
    "select datname from pg_database where datname like $1",
    [`${prefix}%`]
  )
  for (const { datname } of leftOver)
    if (!isAlive(Number(datname.split("_").at(-2)))) await admin.query(`drop database ${datname}`)

  const { rows } = await admin.query<{ name: string; value: string }>(
    "select name, current_setting(name) as value from pg_settings where name = any($1)",
    [interesting]
  )
  const settings = Object.fromEntries(rows.map(({ name, value }) => [name, value]))
  for (const name of ["synchronous_commit", "fsync"])
    if (settings[name] !== "on") throw new Error(`The bench needs ${name} = on at the database`)
  const { rows: versions } = await admin.query<{ version: string }>(
    "select current_setting('server_version') as version"
  )

  const created: Array<string> = []
  const next = () => {
    const name = `${prefix}_${process.pid}_${numbers++}`
    created.push(name)
    return name
  }
  const drop = (name: string) => admin.query(`drop database if exists ${name} with (force)`)
  const template = next()
  await admin.query(`create database ${template}`)
  await migrate(at(url, template))

  const create = async (instances: number): Promise<Database> => {
    const name = next()
    await admin.query(`create database ${name} template ${template}`)
    const client = await connect(at(url, name))
    const query: Database["query"] = async (text, values = []) =>
      (await client.query(text, [...values])).rows
    const names = Array.from({ length: instances }, (_, index) => nameOf(index))
    await query(
      `insert into instances (name, desired, desired_at, known_since)
       select name, 'listening', now(), now() from unnest($1::text[]) as name`,
      [names]
    )
    await query("checkpoint")
    let last = 0
    const number = async (text: string) => {
      const [row] = await query<{ n: string | null }>(text)
      return Number(row?.n ?? 0)
    }
    return {
      url: at(url, name),
      query,
      // Ids continue after those of deleted events.
      newest: async () => {
        last = Math.max(last, await number("select max(id) as n from events"))
        return last
      },
      count: () => number("select count(*) as n from events"),
      backends: async () => {
        const found = await query<{ pid: number }>(
          "select pid from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
          [name]
        )
        return found.map(({ pid }) => pid)
      },
      empty: async () => {
        await query("truncate events")
        await query("checkpoint")
      },
      drop: async () => {
        await client.end()
        await drop(name)
      }
    }
  }

  return {
    version: versions[0]?.version ?? "",
    settings,
    create,
    close: async () => {
      for (const name of created) await drop(name)
      await admin.end()
    }
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
