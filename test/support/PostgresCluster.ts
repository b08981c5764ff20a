/** A Postgres cluster that tests may hurt: on a free port, in a temporary directory. */
import { execFile, execFileSync } from "node:child_process"
import { once } from "node:events"
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import pg from "pg"

export interface PostgresCluster {
  /** URL of a new, empty database. */
  readonly create: (name: string) => Promise<string>
  readonly query: <Row extends pg.QueryResultRow>(
    url: string,
    text: string,
    values?: ReadonlyArray<unknown>
  ) => Promise<ReadonlyArray<Row>>
  readonly start: () => Promise<void>
  readonly stop: (mode: "fast" | "immediate") => Promise<void>
  readonly restart: (mode: "fast" | "immediate") => Promise<void>
  /** Kills all its processes at once, as a power failure does. */
  readonly kill: () => Promise<void>
  /** Makes the cluster read-only and closes all connections. */
  readonly readOnly: (on: boolean) => Promise<void>
  /** Stops it, and removes its directory. */
  readonly remove: () => Promise<void>
}

const run = promisify(execFile)

const binaries = (): string => {
  const [version] = readdirSync("/usr/lib/postgresql").sort((left, right) => +right - +left)
  return join("/usr/lib/postgresql", version ?? "", "bin")
}

/** Postgres refuses to run as root. */
const asPostgres = (program: string, args: ReadonlyArray<string>): [string, Array<string>] => {
  const path = join(binaries(), program)
  return process.getuid?.() === 0
    ? ["runuser", ["-u", "postgres", "--", path, ...args]]
    : [path, [...args]]
}

/** No fsync: the tests kill processes, and cut no power. */
const settings = [
  "fsync=off",
  "full_page_writes=off",
  "max_connections=300",
  "shared_buffers=64MB",
  "max_wal_size=1GB"
]

export const startCluster = async (): Promise<PostgresCluster> => {
  const directory = mkdtempSync(join(tmpdir(), "evolution-listener-pg-"))
  const data = join(directory, "data")
  if (process.getuid?.() === 0)
    chownSync(
      directory,
      Number(execFileSync("id", ["-u", "postgres"])),
      Number(execFileSync("id", ["-g", "postgres"]))
    )
  const port = await freePort()
  const options = { cwd: directory }
  await run(...asPostgres("initdb", ["-A", "trust", "-U", "postgres", "-N", "-D", data]), options)

  const control = (...args: ReadonlyArray<string>) =>
    run(...asPostgres("pg_ctl", ["-D", data, "-w", "-l", join(directory, "log"), ...args]), options)
  // TCP alone: a killed postmaster leaves its local socket locked.
  const all = `-p ${port} -c listen_addresses=127.0.0.1 -k '' ${settings.map((setting) => `-c ${setting}`).join(" ")}`

  const urlOf = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`
  const query: PostgresCluster["query"] = async (url, text, values = []) => {
    // The harness may write in spite of `readOnly`.
    const client = new pg.Client({
      connectionString: url,
      options: "-c default_transaction_read_only=off"
    })
    client.on("error", () => undefined) // the query that fails reports it
    await client.connect()
    try {
      return (await client.query(text, [...values])).rows
    } finally {
      await client.end()
    }
  }

  const start = async () => void (await control("start", "-o", all))
  const stop = async (mode: string) => void (await control("stop", "-m", mode))

  const kill = async (): Promise<void> => {
    const family = familyOf(data)
    for (const pid of family) signal(pid, "SIGKILL")
    // A remaining process would keep the shared memory and so prevent the next start.
    while (family.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 10))
    // Without an init process that reaps zombies, their pid looks taken.
    rmSync(join(data, "postmaster.pid"), { force: true })
  }

  // A harness that ends early removes the cluster.
  const cleanUp = () => {
    for (const pid of familyOf(data)) signal(pid, "SIGKILL")
    rmSync(directory, { recursive: true, force: true })
  }
  process.on("exit", cleanUp)

  await start()
  return {
    create: async (name) => {
      await query(urlOf("postgres"), `create database "${name}"`)
      return urlOf(name)
    },
    query,
    start,
    stop,
    restart: async (mode) => {
      await stop(mode)
      await start()
    },
    kill,
    readOnly: async (on) => {
      const url = urlOf("postgres")
      await query(url, `alter system set default_transaction_read_only = ${on ? "on" : "off"}`)
      await query(url, "select pg_reload_conf()")
      await query(
        url,
        `select pg_terminate_backend(pid) from pg_stat_activity
         where backend_type = 'client backend' and pid <> pg_backend_pid()`
      )
    },
    remove: async () => {
      await kill()
      process.off("exit", cleanUp)
      cleanUp()
    }
  }
}

/** Suspends the postmaster; gives its pid and those of its children, or none if it does not run. */
const familyOf = (data: string): ReadonlyArray<number> => {
  let postmaster: number
  try {
    postmaster = Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0])
  } catch {
    return []
  }
  // The pid of a killed postmaster may belong to another process by now.
  if (!commandOf(postmaster).includes(data)) return []
  // A suspended postmaster starts no children while we count.
  signal(postmaster, "SIGSTOP")
  const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, "utf8")
  return [postmaster, ...children.split(" ").filter(Boolean).map(Number)]
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
  } catch {
    return ""
  }
}

const isAlive = (pid: number): boolean => commandOf(pid) !== ""

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It is gone already.
  }
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}
