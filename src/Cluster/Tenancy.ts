/** The services of one Evolution server, which are built when this process owns it, and closed when it does no more. */
import { type Context, Deferred, Effect, type Scope } from "effect"
import { type Fence, Fenced, type Tenure } from "../Domain/Tenure.ts"
import type { Ownership } from "./Ownership.ts"

export interface Tenancy {
  /** False: another process owns the server, or none does. The services are closed then. */
  readonly isOurs: () => boolean
}

/**
 * Owns the server whenever this process should, until the scope closes. Succeeds with the services of the first tenure;
 * fails if they cannot be built. `build` builds them in its scope, behind a fence.
 */
export const make = Effect.fnUntraced(function* <A, E, R>(
  { run }: Ownership["Type"],
  server: string,
  build: (fence: Fence) => Effect.Effect<Context.Context<A>, E, R | Scope.Scope>
) {
  const first = yield* Deferred.make<Context.Context<A>, E>()
  let isOurs = false

  const own = (tenure: Tenure) =>
    Effect.gen(function* () {
      const fallen = yield* Deferred.make<void>()
      const services = yield* build({
        epoch: tenure.epoch,
        fall: Effect.asVoid(Deferred.succeed(fallen, undefined)),
        fallen: Deferred.await(fallen)
      }).pipe(
        Effect.catchAllCause((cause) =>
          Effect.flatMap(Deferred.failCause(first, cause), (isFirst) =>
            // The program that waits for them ends.
            isFirst ? Effect.never : Effect.orDie(Effect.failCause(cause))
          )
        )
      )
      yield* Deferred.succeed(first, services)
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          isOurs = true
        }),
        () =>
          Effect.sync(() => {
            isOurs = false
          })
      )
      yield* Deferred.await(fallen)
      return yield* Fenced.of(tenure)
    })

  yield* run(server, { prepare: Effect.void, own })
  const tenancy: Tenancy = { isOurs: () => isOurs }
  return { services: yield* Deferred.await(first), tenancy }
})
