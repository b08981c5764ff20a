/** The services of one Evolution server, which are built when this process owns it, and closed when it does no more. */
import {
  Deferred,
  Effect,
  type Option,
  Schedule,
  type Scope,
  type Stream,
  SubscriptionRef
} from "effect"
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

export interface Work<Link, A, E, R> {
  /** Brings the link up, while another replica may own the server (`isOwned`). */
  readonly prepare: (isOwned: boolean) => Effect.Effect<Link>
  /** Builds the services in its scope, behind a fence. `None`: the link did not come up. */
  readonly build: (
    fence: Omit<Fence, "continues">,
    tenure: Tenure,
    link: Option.Option<Link>
  ) => Effect.Effect<A, E, R | Scope.Scope>
  /** Says whether the services reach the server; `undefined`: nothing tells. */
  readonly reaches: (services: A) => Effect.Effect<boolean | undefined>
}

/** A server that the owner does not reach is given to a replica that does. */
const lookEvery = "1 second"

/** Owns the server whenever this process should, until the scope closes. */
export const make = Effect.fnUntraced(function* <Link, A, E, R>(
  { isAlone, run }: Ownership["Type"],
  server: string,
  { build, prepare, reaches }: Work<Link, A, E, R>
) {
  const first = yield* Deferred.make<A, E>()
  const current = yield* SubscriptionRef.make<A | undefined>(undefined)
  let now: A | undefined
  const become = (services: A | undefined) =>
    Effect.suspend(() => {
      now = services
      return SubscriptionRef.set(current, services)
    })

  const own = (
    tenure: Tenure,
    link: Option.Option<Link>,
    linkIs: (isUp: boolean) => Effect.Effect<void>
  ) =>
    Effect.gen(function* () {
      const fallen = yield* Deferred.make<void>()
      const services = yield* build(
        {
          epoch: tenure.epoch,
          fall: Effect.asVoid(Deferred.succeed(fallen, undefined)),
          fallen: Deferred.await(fallen)
        },
        tenure,
        link
      ).pipe(
        Effect.catchAllCause((cause) =>
          isAlone
            ? // The program that waits for them ends.
              Effect.zipRight(Deferred.failCause(first, cause), Effect.never)
            : Effect.orDie(Effect.failCause(cause))
        )
      )
      yield* Deferred.succeed(first, services)
      yield* Effect.acquireRelease(become(services), () => become(undefined))
      if (!isAlone)
        yield* reaches(services).pipe(
          Effect.flatMap((isUp) => (isUp === undefined ? Effect.void : linkIs(isUp))),
          Effect.schedule(Schedule.spaced(lookEvery)),
          Effect.forkScoped
        )
      yield* Deferred.await(fallen)
      return yield* Fenced.of(tenure)
    })

  yield* run(server, { prepare, own })
  return {
    now: () => now,
    changes: current.changes,
    first: Deferred.await(first)
  } satisfies Tenancy<A, E>
})
