/**
 * The other replicas. A request about an Evolution server that another replica owns is sent there as it came, and the
 * owner's answer comes back as it is. The owner authenticates the caller again.
 */
import type { HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Context, Effect, Layer, type Schema, type Scope } from "effect"
import { ApiKey } from "../Access/ApiKey.ts"
import { Ownership } from "../Cluster/Ownership.ts"
import type { OneServer, Owned } from "../Instances/Servers.ts"
import { type OutcomeUnknown, ServerUnowned } from "./Api.ts"
import * as Several from "./Peers/Several.ts"

type Request = HttpServerRequest.HttpServerRequest

export class Peers extends Context.Tag("evolution-listener/Peers")<
  Peers,
  {
    /**
     * The services of a server that this process owns. Where another replica owns the server, that one answers the
     * request, and its answer ends the handler: it goes through as a defect, which Effect takes for the answer.
     */
    readonly owned: (
      one: OneServer
    ) => Effect.Effect<Owned, ServerUnowned | OutcomeUnknown, Request | Scope.Scope>
    /** Runs an effect that may last, on services that another replica may take over meanwhile. */
    readonly during: (
      one: OneServer,
      here: Owned
    ) => <A, E, R>(
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | ServerUnowned | OutcomeUnknown, R | Request>
    /** The part of each server in the answer to a `GET` request, in their order. Fails if one has no owner. */
    readonly gather: <A, I>(
      servers: ReadonlyArray<OneServer>,
      part: Part<A, I>
    ) => Effect.Effect<ReadonlyArray<A>, ServerUnowned, Request | Scope.Scope>
    /** Those that `gather` may ask for: a process alone, or one that was asked by a replica, asks no other one. */
    readonly inReach: (servers: ReadonlyArray<OneServer>) => Effect.Effect<ReadonlyArray<OneServer>>
    /** Runs the handler of a request, which may have come by another replica. */
    readonly admit: <E, R>(
      app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
    ) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | Request>
  }
>() {
  static readonly layer: Layer.Layer<Peers, never, ApiKey | Ownership> = Layer.scoped(
    Peers,
    Effect.flatMap(Ownership, (ownership) =>
      ownership.isAlone
        ? alone
        : Effect.flatMap(ApiKey, (apiKey) => Several.make(ownership, apiKey))
    )
  )
}

/** The part of one server in an answer about several. */
export interface Part<A, I> {
  readonly here: (services: Owned) => Effect.Effect<A>
  /** The owner is sent the same request, with `?server=` and no other parameter; this is its answer. */
  readonly there: Schema.Schema<A, I>
  /** The answer is these parts and nothing else: one replica that owns all the servers may give it. */
  readonly isWhole: boolean
}

/** In a process alone nothing is ever forwarded. It does not own a server only if a later process took it. */
const alone = Effect.sync(() => {
  const owned = (one: OneServer) =>
    Effect.suspend(() => {
      const here = one.owned()
      return here !== undefined
        ? Effect.succeed(here)
        : new ServerUnowned({
            message: `Another process listens to the server "${one.id}" with the same database: ask that one. If there should be one alone, stop the other and restart this one`
          })
    })
  return Peers.of({
    owned,
    during: () => (effect) => effect,
    gather: (servers, { here }) =>
      Effect.forEach(servers, (one) => Effect.flatMap(owned(one), here)),
    inReach: (servers) => Effect.sync(() => servers.filter((one) => one.owned() !== undefined)),
    admit: (app) => app
  })
})
