/** A connection that is opened at the first use, shared by concurrent uses, and opened again after it ended. */
import { Effect, ExecutionStrategy, Exit, Fiber, Scope } from "effect"

export interface Connections<A, E> {
  /** Later uses open another connection; this one is closed when its last use is over. It may be called again. */
  readonly use: <B, E2>(
    act: (connection: A, retire: () => void) => Effect.Effect<B, E2>
  ) => Effect.Effect<B, E | E2>
}

interface Held<A, E> {
  readonly fiber: Fiber.Fiber<A, E>
  readonly scope: Scope.CloseableScope
  users: number
}

/**
 * `open` runs once for all who wait, whose interruption does not end it; all of them get its failure, and the next use
 * tries again. The connection calls `retire` when it has ended.
 */
export const make = <A, E>(
  open: (retire: () => void) => Effect.Effect<A, E, Scope.Scope>
): Effect.Effect<Connections<A, E>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    let current: Held<A, E> | undefined
    const retired = new Set<Held<A, E>>()

    const retire = (held: Held<A, E>) => {
      retired.add(held)
      if (current === held) current = undefined
    }

    /** Closes connections without uses; nobody waits for it. One that ended by itself has to wait for this. */
    const sweep = Effect.suspend(() => {
      const unused = [...retired].filter(({ users }) => users === 0)
      for (const held of unused) retired.delete(held)
      return Effect.forEach(unused, (held) => Scope.close(held.scope, Exit.void), {
        discard: true
      }).pipe(Effect.forkIn(scope))
    })

    const begin = Effect.gen(function* () {
      const own = yield* Scope.fork(scope, ExecutionStrategy.sequential)
      let hasEnded = false
      const end = () => {
        hasEnded = true
        if (held !== undefined) retire(held)
      }
      let held: Held<A, E> | undefined
      const fiber = yield* open(end).pipe(
        Scope.extend(own),
        Effect.onError(() => Effect.sync(end)),
        Effect.interruptible,
        Effect.forkIn(scope)
      )
      held = { fiber, scope: own, users: 0 }
      if (hasEnded) retired.add(held)
      else current = held
      return held
    })

    return {
      use: (act) =>
        Effect.acquireUseRelease(
          Effect.suspend(() =>
            current === undefined ? Effect.zipRight(sweep, begin) : Effect.succeed(current)
          ).pipe(Effect.tap((held) => Effect.sync(() => void held.users++))),
          (held) =>
            Effect.flatMap(Fiber.join(held.fiber), (connection) =>
              act(connection, () => retire(held))
            ),
          (held) =>
            Effect.suspend(() => {
              held.users--
              return retired.has(held) ? sweep : Effect.void
            })
        )
    }
  })
