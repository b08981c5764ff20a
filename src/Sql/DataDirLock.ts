/**
 * One process at a time in a data directory: PGlite does not lock its files, and two writers lose
 * rows without a word. The lock is a listening socket, so the kernel knows whether its owner lives,
 * across containers that share the directory too; a pid in a file would not tell.
 */
import { randomUUID } from "node:crypto"
import { rm } from "node:fs/promises"
import { connect, createServer } from "node:net"
import { join, relative } from "node:path"
import { Data, Effect, type Scope } from "effect"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { detailOf } from "./Failure.ts"

/** Another process has this data directory open. */
export class DataDirInUse extends Data.TaggedError("DataDirInUse")<{
  readonly message: string
  readonly directory: string
}> {}

class Occupied extends Data.TaggedError("Occupied") {}

/** Holds a directory until the scope closes. A lock whose owner died is taken over. */
export const acquire = (
  directory: string
): Effect.Effect<void, DataDirInUse | DatabaseUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const path = socketPath(directory)
    const nonce = randomUUID()
    const inUse = new DataDirInUse({
      message: `Cannot use the data directory "${directory}": another process has it open`,
      directory
    })
    const bind = listen(path, nonce, directory)
    const takeOver = Effect.gen(function* () {
      if ((yield* ask(path)) !== undefined) return yield* inUse
      yield* Effect.promise(() => rm(path, { force: true }))
      yield* bind
      // Two processes may have seen the same dead lock; the one whose socket was removed yields.
      yield* Effect.sleep("100 millis")
      if ((yield* ask(path)) !== nonce) return yield* inUse
    })
    yield* bind.pipe(
      Effect.catchTag("Occupied", () => takeOver),
      Effect.catchTag("Occupied", () => inUse)
    )
  })

/** Windows has named pipes instead, which vanish with their owner. */
const socketPath = (directory: string): string => {
  if (process.platform === "win32") return `\\\\.\\pipe\\${directory.replaceAll(/[\\/:]/g, "-")}`
  const absolute = join(directory, "lock")
  const fromHere = relative(process.cwd(), absolute)
  return fromHere.length < absolute.length ? fromHere : absolute // a socket's path is 103 bytes at most
}

const listen = (path: string, nonce: string, directory: string) =>
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>, Occupied | DatabaseUnavailable>((resume) => {
      const server = createServer((socket) => {
        socket.on("error", () => socket.destroy()) // the asker went away
        socket.end(nonce)
      })
      server.once("error", (cause: NodeJS.ErrnoException) =>
        resume(
          cause.code === "EADDRINUSE"
            ? new Occupied()
            : new DatabaseUnavailable({
                message: `Cannot lock the data directory "${directory}": ${detailOf(cause)}`
              })
        )
      )
      server.listen(path, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
  )

/** What the owner of the lock says; empty when it is too busy to say anything; undefined: no owner. */
const ask = (path: string): Effect.Effect<string | undefined> =>
  Effect.async((resume) => {
    let said: string | undefined
    const socket = connect(path)
    socket.setTimeout(1000, () => socket.destroy())
    socket.on("connect", () => {
      said = ""
    })
    socket.on("data", (data) => {
      said += data.toString("utf8")
    })
    socket.on("error", () => socket.destroy()) // refused: nobody listens
    socket.on("close", () => resume(Effect.succeed(said)))
    return Effect.sync(() => socket.destroy())
  })
