import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdtemp, rename, rm } from "node:fs/promises"
import { connect, createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Either, Exit, Fiber, Scope, TestClock } from "effect"
import * as DataDirLock from "../../../src/Storage/Embedded/DataDirLock.ts"

const directory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "lock-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const program = `
  import { Effect } from "effect"
  import { acquire } from ${JSON.stringify(join(import.meta.dirname, "../../../src/Storage/Embedded/DataDirLock.ts"))}
  const held = Effect.zipRight(acquire(process.argv[1]), Effect.sync(() => console.log("held")))
  Effect.runPromise(Effect.scoped(Effect.zipRight(held, Effect.never)))
`

/** Another process that holds the lock, by the time this succeeds. */
const holder = (path: string) =>
  Effect.acquireRelease(
    Effect.promise(async (): Promise<ChildProcess> => {
      const child = spawn(
        process.execPath,
        ["--import", "tsx", "--input-type=module", "--eval", program, path],
        { cwd: join(import.meta.dirname, "../../.."), stdio: ["ignore", "pipe", "inherit"] }
      )
      await once(child.stdout, "data")
      return child
    }),
    kill
  )

function kill(child: ChildProcess) {
  return Effect.promise(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill("SIGKILL")
    await once(child, "exit")
  })
}

/** Whether the lock can be had now; if so it is let go at once. */
const isFree = (path: string) =>
  Effect.map(Effect.either(Effect.scoped(DataDirLock.acquire(path))), Either.isRight)

/** Listens at a path as a holder does. */
const serve = (path: string, answer = (socket: Socket): void => void socket.end("rival")) =>
  Effect.acquireRelease(
    Effect.async<Server>((resume) => {
      const server = createServer((socket) => {
        socket.on("error", () => socket.destroy()) // the asker went away
        answer(socket)
      })
      server.listen(path, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
  )

/** What a killed holder leaves: a socket's file that nobody listens at. */
const leaveDeadLock = (path: string) =>
  Effect.scoped(
    Effect.zipRight(
      serve(join(path, "killed")),
      Effect.promise(() => rename(join(path, "killed"), join(path, "lock")))
    )
  )

/** Whether somebody listens at a path. */
const answers = (path: string) =>
  Effect.async<boolean>((resume) => {
    const socket = connect(path)
    socket.once("error", () => resume(Effect.succeed(false)))
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
  })

/** Somebody who wants the lock, says whether it was had, and keeps it until told to let go. */
const taker = (path: string) =>
  Effect.gen(function* () {
    const outcome = yield* Deferred.make<boolean>()
    const scope = yield* Scope.make()
    yield* Effect.forkScoped(
      Scope.extend(DataDirLock.acquire(path), scope).pipe(
        Effect.tapError(() => Scope.close(scope, Exit.void)),
        Effect.isSuccess,
        Effect.intoDeferred(outcome)
      )
    )
    return { outcome, letGo: Scope.close(scope, Exit.void) }
  })

describe("DataDirLock", () => {
  it.scoped("admits one holder at a time and is free after it", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const scope = yield* Scope.make()
      yield* Scope.extend(DataDirLock.acquire(path), scope)
      const error = yield* Effect.flip(Effect.scoped(DataDirLock.acquire(path)))
      expect(error).toBeInstanceOf(DataDirLock.DataDirInUse)
      expect(error.message).toBe(
        `Cannot use the data directory "${path}": another process has it open`
      )
      expect(yield* isFree(path)).toBe(false) // the refused one took nothing with it
      yield* Scope.close(scope, Exit.void)
      expect(yield* isFree(path)).toBe(true)
      expect(existsSync(join(path, "lock"))).toBe(false)
    })
  )

  it.scoped("reports in one line why a directory cannot be locked", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "absent")
      const error = yield* Effect.flip(Effect.scoped(DataDirLock.acquire(path)))
      expect(error._tag).toBe("DatabaseUnavailable")
      expect(error.message).toMatch(/^Cannot lock the data directory ".*absent": [^\n]+$/)
    })
  )

  it.scopedLive(
    "keeps other processes out until its holder is killed",
    () =>
      Effect.gen(function* () {
        const path = yield* directory
        const child = yield* holder(path)
        const error = yield* Effect.flip(Effect.scoped(DataDirLock.acquire(path)))
        expect(error._tag).toBe("DataDirInUse")
        yield* kill(child)
        expect(existsSync(join(path, "lock"))).toBe(true) // SIGKILL cleans nothing up
        yield* DataDirLock.acquire(path)
        expect(yield* isFree(path)).toBe(false)
      }),
    30_000
  )

  it.scopedLive(
    "gives a dead lock to at most one taker, who keeps it",
    () =>
      Effect.gen(function* () {
        let won = 0
        for (let round = 0; round < 8; round++) {
          const path = yield* directory
          yield* leaveDeadLock(path)
          const takers = yield* Effect.replicateEffect(taker(path), 3)
          const outcomes = yield* Effect.forEach(takers, ({ outcome }) => Deferred.await(outcome), {
            concurrency: "unbounded"
          })
          const wins = outcomes.filter((won) => won).length
          expect(wins).toBeLessThanOrEqual(1)
          won += wins
          if (wins === 1) expect(yield* isFree(path)).toBe(false)
          yield* Effect.forEach(takers, ({ letGo }) => letGo)
          expect(yield* isFree(path)).toBe(true)
        }
        expect(won).toBeGreaterThan(0)
      }),
    60_000
  )

  it.scopedLive("respects an owner that is too busy to answer", () =>
    Effect.gen(function* () {
      const path = yield* directory
      yield* serve(join(path, "lock"), () => undefined)
      const error = yield* Effect.flip(Effect.scoped(DataDirLock.acquire(path)))
      expect(error._tag).toBe("DataDirInUse")
      expect(yield* answers(join(path, "lock"))).toBe(true)
    })
  )

  it.scoped("respects a rival that took the same dead lock later", () =>
    Effect.gen(function* () {
      const path = yield* directory
      yield* leaveDeadLock(path)
      const taking = yield* Effect.fork(Effect.either(Effect.scoped(DataDirLock.acquire(path))))
      const lock = join(path, "lock")
      yield* Effect.repeat(answers(lock), { until: (answered) => answered })
      // The rival had seen the dead lock too, and only now gets to remove what it takes for it.
      yield* Effect.promise(() => rm(lock))
      yield* serve(lock)
      const outcome = yield* Effect.raceFirst(
        Fiber.join(taking),
        Effect.forever(TestClock.adjust("100 millis"))
      )
      expect(Either.isLeft(outcome) && outcome.left._tag).toBe("DataDirInUse")
      expect(yield* answers(lock)).toBe(true)
      expect(yield* isFree(path)).toBe(false)
    })
  )
})
