/** The dealings with other replicas. */
import type { HttpServerRequest, HttpServerResponse } from "@effect/platform"
import type { Effect, Schema, Scope, Stream } from "effect"
import type { OneServer, Owned } from "../../Instances/Servers.ts"
import type { StateChange } from "../../Listening/ListenerRegistry.ts"
import type { OutcomeUnknown, ServerUnowned } from "../Api.ts"

type Request = HttpServerRequest.HttpServerRequest

export interface Dealings {
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
  /** Changes of listeners' states at another replica, as long as one owns the server. */
  readonly changes: (one: OneServer) => Stream.Stream<StateChange>
  /** Runs the handler of a request, which may have come by another replica. */
  readonly admit: <E, R>(
    app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
  ) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | Request>
}

/** The part of one server in an answer about several. */
export interface Part<A, I> {
  readonly here: (services: Owned) => Effect.Effect<A>
  /** The owner is sent the same request, with `?server=` and no other parameter; this is its answer. */
  readonly there: Schema.Schema<A, I>
  /** The answer is these parts and nothing else: one replica that owns all the servers may give it. */
  readonly isWhole: boolean
}
