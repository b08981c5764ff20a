/** PgBouncer in front of a Postgres, as many people have it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmodSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { Effect, Schedule } from "effect"
import { freePort, temporaryDirectory } from "./ServiceProcess.ts"

const program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"].find(
  (path) => spawnSync(path, ["--version"]).status === 0
)

/** False: PgBouncer is not installed (Debian's package `pgbouncer`). */
export const hasPooler = program !== undefined

/** `settings`: lines of `[pgbouncer]`. Gives the address of the pooler for the same database. */
export const pooled = Effect.fn(function* (
  url: string,
  settings: Readonly<Record<string, string | number>>
) {
  const target = new URL(url)
  const database = target.pathname.slice(1)
  const directory = yield* temporaryDirectory
  chmodSync(directory, 0o755)
  const port = yield* freePort
  const config = join(directory, "pgbouncer.ini")
  writeFileSync(
    config,
    [
      "[databases]",
      `${database} = host=${target.hostname} port=${target.port || 5432} user=${target.username}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = any",
      ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
    ].join("\n")
  )
  yield* Effect.acquireRelease(
    Effect.sync((): ChildProcess => {
      const isRoot = process.getuid?.() === 0
      return spawn(program ?? "pgbouncer", [...(isRoot ? ["-u", "postgres"] : []), config], {
        stdio: "ignore"
      })
    }),
    (running) => Effect.sync(() => running.kill("SIGKILL"))
  )
  yield* Effect.async<void, Error>((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("connect", () => resume(Effect.succeed(void socket.destroy())))
    socket.on("error", (error) => resume(Effect.fail(error)))
  }).pipe(Effect.retry(Schedule.spaced("50 millis")), Effect.timeout("10 seconds"))
  const own = new URL(url)
  own.host = `127.0.0.1:${port}`
  return own.href
})
