/**
 * One process at a time in a data directory: PGlite does not lock its files, and two writers lose
 * rows silently. The lock is a listening socket, so the kernel knows whether its owner lives,
 * across containers that share the directory too; a pid in a file would not tell.
 */
import { randomBytes } from "node:crypto"
import { link, rename, rm, stat } from "node:fs/promises"
import { connect, createServer } from "node:net"
import { join, relative } from "node:path"
import { Data, Effect, type Scope } from "effect"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import { codeOf } from "../../Domain/ErrorDetail.ts"
import { reasonOf } from "./Refusal.ts"

/** Another process has this data directory open. */
export class DataDirInUse extends Data.TaggedError("DataDirInUse")<{
  readonly message: string
  readonly directory: string
}> {}

/**
 * Holds a directory until the scope closes. A lock whose owner died is taken over. The socket is
 * bound under a name of its own and then linked to the lock's, which is atomic and tells who is late.
 */
export const acquire = (
  directory: string
): Effect.Effect<void, DataDirInUse | DatabaseUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const nonce = randomBytes(4).toString("hex")
    const lock = join(directory, "lock")
    const own = `${lock}-${nonce}`
    const inUse = new DataDirInUse({
      message: `Cannot use the data directory "${directory}": another process has it open`,
      directory
    })
    const attempt = <A>(step: () => Promise<A>) =>
      Effect.tryPromise({ try: step, catch: (cause) => cannotLock(directory, cause) })

    yield* listen(short(own), nonce, directory)
    const { ino } = yield* attempt(() => stat(own))
    yield* Effect.addFinalizer(() => Effect.promise(() => removeIf(lock, ino)))
    const linked = yield* Effect.isSuccess(attempt(() => link(own, lock)))
    if (linked) return yield* attempt(() => rm(own))

    if ((yield* ask(short(lock))) !== undefined) return yield* inUse
    yield* attempt(() => rename(own, lock))
    // Two processes may have seen the same dead lock; the one whose lock was replaced yields.
    yield* Effect.sleep("100 millis")
    if ((yield* ask(short(lock))) !== nonce) return yield* inUse
  })

/** A socket's path is 103 bytes at most, and the shorter of its two forms may do where the other does not. */
const short = (path: string): string => {
  const fromHere = relative(process.cwd(), path)
  return fromHere.length < path.length ? fromHere : path
}

/** Leaves a lock alone that has another owner by now. */
const removeIf = async (lock: string, ino: number): Promise<void> => {
  const now = await stat(lock).catch(() => undefined)
  if (now?.ino === ino) await rm(lock, { force: true })
}

/** Network and shared file systems (SMB, 9p) have no sockets. */
const reasonFor = (directory: string, cause: unknown): string =>
  /^(?:ENOTSUP|EOPNOTSUPP|EINVAL|ENOSYS)$/.test(codeOf(cause) ?? "")
    ? "its file system has no Unix sockets, which the lock is made of: use a volume on a local disk, or set DATABASE_URL"
    : reasonOf(directory, cause)

const cannotLock = (directory: string, cause: unknown) =>
  new DatabaseUnavailable({
    message: `Cannot lock the data directory "${directory}": ${reasonFor(directory, cause)}`
  })

/** Answers each connection with the nonce until the scope closes. */
const listen = (path: string, nonce: string, directory: string) =>
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>, DatabaseUnavailable>((resume) => {
      const server = createServer((socket) => {
        socket.on("error", () => socket.destroy()) // the asker went away
        socket.end(nonce)
      })
      server.once("error", (cause) => resume(cannotLock(directory, cause)))
      server.listen(path, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
  )

/** The owner's nonce; empty when the owner is too busy to answer; undefined: no owner. */
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
