/**
 * The durable handlers of a program. Each runs in every Evolution server that this process owns, from its cursor in that
 * server on; in a server that another replica owns, that replica runs its own of the same name.
 */
import { Context, Data, Effect, FiberMap, FiberRef, Layer, Runtime, type Scope } from "effect"
import { type Durable, titleOf } from "./Handlers/Run.ts"

export type { Durable, Missed } from "./Handlers/Run.ts"

/** A program has two durable handlers of one name: they would move one cursor. */
export class DurableNameTaken extends Data.TaggedError("DurableNameTaken")<{
  readonly durable: string
  readonly message: string
}> {
  static of(durable: Durable) {
    return new DurableNameTaken({
      durable: durable.name,
      message: `Cannot start the ${titleOf(durable)}: the program has another one of this name, and a name has one cursor; give each its own`
    })
  }
}

export class DurableHandlers extends Context.Tag("evolution-listener/DurableHandlers")<
  DurableHandlers,
  {
    /** Runs a handler until the scope closes, in each server that this process owns or comes to own. */
    readonly register: (durable: Durable) => Effect.Effect<void, DurableNameTaken, Scope.Scope>
    /** Runs all handlers in one more server until the scope closes. `run`: runs one of them there. */
    readonly own: (
      run: (durable: Durable) => Effect.Effect<void>
    ) => Effect.Effect<void, never, Scope.Scope>
  }
>() {
  static readonly layer = Layer.effect(
    DurableHandlers,
    Effect.suspend(() => make)
  )
}

interface Handler {
  readonly durable: Durable
  /** Logs as the program has set it up for the handler. */
  readonly runtime: Runtime.Runtime<never>
}

interface Owned {
  readonly start: (handler: Handler) => Effect.Effect<void>
  /** Ends when the handler has. */
  readonly stop: (name: string) => Effect.Effect<void>
}

const make = Effect.gen(function* () {
  const handlers = new Map<string, Handler>()
  const servers = new Set<Owned>()
  const turn = (yield* Effect.makeSemaphore(1)).withPermits(1)
  const inAll = (act: (owned: Owned) => Effect.Effect<void>) =>
    Effect.forEach(servers, act, { discard: true })

  return DurableHandlers.of({
    register: (durable) =>
      Effect.gen(function* () {
        const handler = { durable, runtime: yield* Effect.runtime<never>() }
        const { name } = durable
        const add = Effect.suspend(() => {
          if (handlers.has(name)) return DurableNameTaken.of(durable)
          handlers.set(name, handler)
          return inAll(({ start }) => start(handler))
        })
        const remove = Effect.suspend(() => {
          handlers.delete(name)
          return inAll(({ stop }) => stop(name))
        })
        yield* Effect.acquireRelease(turn(add), () => turn(remove))
      }),
    own: (run) =>
      Effect.gen(function* () {
        const running = yield* FiberMap.make<string>()
        // They name the server, where there are several.
        const names = Object.fromEntries(yield* FiberRef.get(FiberRef.currentLogAnnotations))
        const owned: Owned = {
          start: ({ durable, runtime }) =>
            Effect.suspend(() =>
              FiberMap.set(
                running,
                durable.name,
                Runtime.runFork(runtime)(Effect.annotateLogs(run(durable), names))
              )
            ),
          stop: (name) => FiberMap.remove(running, name)
        }
        const add = Effect.suspend(() => {
          servers.add(owned)
          return Effect.forEach(handlers.values(), owned.start, { discard: true })
        })
        const remove = Effect.sync(() => servers.delete(owned))
        yield* Effect.acquireRelease(turn(add), () => turn(remove))
      })
  })
})
