/** The services of one Evolution server, which are built when this process owns it, and closed when it does no more. */
import { Deferred, Effect, type Scope, type Stream, SubscriptionRef } from "effect"
import { type Fence, Fenced, type Tenure } from "../Domain/Tenure.ts"
import type { Ownership } from "./Ownership.ts"

export interface Tenancy<A, E = never> {
  /** The services; `undefined`: another process owns the server, or none does. */
  readonly now: () => A | undefined
  /** The same, at once and at each change. */
  readonly changes: Stream.Stream<A | undefined>
  /** Waits for the services of the first tenure. Fails if a process without replicas cannot build them. */
  readonly first: Effect.Effect<A, E>
}

/**
 * Owns the server whenever this process should, until the scope closes. `build` builds the services in its scope,
 * behind a fence.
 */
export const make = Effect.fnUntraced(function* <A, E, R>(
  { isAlone, run }: Ownership["Type"],
  server: string,
  build: (fence: Fence) => Effect.Effect<A, E, R | Scope.Scope>
) {
  const first = yield* Deferred.make<A, E>()
  const current = yield* SubscriptionRef.make<A | undefined>(undefined)
  let now: A | undefined
  const become = (services: A | undefined) =>
    Effect.suspend(() => {
      now = services
      return SubscriptionRef.set(current, services)
    })

  const own = (tenure: Tenure) =>
    Effect.gen(function* () {
      const fallen = yield* Deferred.make<void>()
      const services = yield* build({
        epoch: tenure.epoch,
        fall: Effect.asVoid(Deferred.succeed(fallen, undefined)),
        fallen: Deferred.await(fallen)
      }).pipe(
        Effect.catchAllCause((cause) =>
          isAlone
            ? // The program that waits for them ends.
              Effect.zipRight(Deferred.failCause(first, cause), Effect.never)
            : Effect.orDie(Effect.failCause(cause))
        )
      )
      yield* Deferred.succeed(first, services)
      yield* Effect.acquireRelease(become(services), () => become(undefined))
      yield* Deferred.await(fallen)
      return yield* Fenced.of(tenure)
    })

  yield* run(server, { prepare: Effect.void, own })
  return {
    now: () => now,
    changes: current.changes,
    first: Deferred.await(first)
  } satisfies Tenancy<A, E>
})
