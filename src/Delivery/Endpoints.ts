/**
 * The endpoints: a table with a copy in memory, which is kept fresh between replicas. Their secrets are encrypted at
 * rest, and read as they are used.
 */
import type { SqlClient, SqlError } from "@effect/sql"
import type { ConfigError, Stream } from "effect"
import { Context, type Duration, Effect, Layer, type Option, type Redacted } from "effect"
import type { Settings as Environment } from "../AppConfig/Settings.ts"
import type {
  Endpoint,
  EndpointInFile,
  EndpointNameTaken,
  EndpointNotFound,
  EndpointRefused,
  TooManyEndpoints
} from "../Domain/Endpoint.ts"
import type { EndpointWanted, From } from "./Endpoints/Asked.ts"
import type { Credentials } from "./Endpoints/Credentials.ts"
import type { Outcome } from "./Endpoints/FromFile/Plan.ts"
import { make } from "./Endpoints/Make.ts"
import { Guard } from "./Guard.ts"
import type { DeliveryFailed } from "./Sink.ts"

export type { Credentials, EndpointWanted, From, Outcome }

export class Endpoints extends Context.Tag("evolution-listener/Endpoints")<
  Endpoints,
  {
    /** Oldest first. */
    readonly all: Effect.Effect<ReadonlyArray<Endpoint>>
    readonly get: (id: string) => Effect.Effect<Endpoint, EndpointNotFound>
    /** The cursor after which the endpoint's way through the log begins, in its generation. */
    readonly startsAfter: (id: string) => Effect.Effect<number, EndpointNotFound>
    /**
     * Emits at once, and whenever an endpoint changed, a replay, or what is to be delivered again; here or in another
     * replica.
     */
    readonly changes: Stream.Stream<void>
    /** Has all replicas emit. */
    readonly touch: Effect.Effect<unknown, SqlError.SqlError>
    /** Learns what other replicas changed, at once. */
    readonly refresh: Effect.Effect<void>
    /** This is the only time that the secret of a webhook is given. */
    readonly create: (
      wanted: EndpointWanted
    ) => Effect.Effect<
      { readonly endpoint: Endpoint; readonly secret: Option.Option<Redacted.Redacted> },
      EndpointNameTaken | EndpointRefused | TooManyEndpoints | SqlError.SqlError
    >
    /**
     * Changes settings, as JSON Merge Patch (RFC 7396) has it. `allow` sees what would come of it, and what there was,
     * and may fail.
     */
    readonly update: <E = never, R = never>(
      id: string,
      patch: Readonly<Record<string, unknown>>,
      allow?: (next: Endpoint, before: Endpoint) => Effect.Effect<unknown, E, R>
    ) => Effect.Effect<
      Endpoint,
      | E
      | EndpointInFile
      | EndpointNameTaken
      | EndpointNotFound
      | EndpointRefused
      | SqlError.SqlError,
      R
    >
    /**
     * Has the endpoints of the file be as the file has them, all or none, in one transaction that no other change of an
     * endpoint comes into. They are known by name. Those that the file has no more are disabled, and deleted by a call
     * a day later.
     */
    readonly settle: (
      file: ReadonlyArray<EndpointWanted>
    ) => Effect.Effect<
      ReadonlyArray<Outcome>,
      EndpointNameTaken | EndpointRefused | TooManyEndpoints | SqlError.SqlError
    >
    /** Its cursors, replays and attempts go with it. */
    readonly remove: (
      id: string
    ) => Effect.Effect<void, EndpointInFile | EndpointNotFound | SqlError.SqlError>
    /** Events wait from now on, as long as the log keeps them. */
    readonly pause: (id: string) => Effect.Effect<Endpoint, EndpointNotFound | SqlError.SqlError>
    /** Goes on, also after the service ended it. Anywhere but at the cursor raises the generation. */
    readonly resume: (
      id: string,
      from?: From
    ) => Effect.Effect<Endpoint, EndpointNotFound | SqlError.SqlError>
    /** Ends deliveries until somebody resumes them; does nothing unless the endpoint is active. */
    readonly disable: (id: string, reason: string) => Effect.Effect<void, SqlError.SqlError>
    /** Makes a signing secret. The ones before it stay good for 24 h or less; three are, at most. */
    readonly rotate: (
      id: string,
      options?: {
        readonly secret?: Redacted.Redacted | undefined
        readonly overlap?: Duration.Duration | undefined
      }
    ) => Effect.Effect<
      { readonly endpoint: Endpoint; readonly secret: Redacted.Redacted },
      EndpointNotFound | EndpointRefused | SqlError.SqlError
    >
    /** Fails with the kind `ours` where a variable is not set, or no key can read the secrets; says which. */
    readonly credentials: (id: string) => Effect.Effect<Credentials, DeliveryFailed>
    /** The reason for which nothing can be sent, as far as it is known without sending; `None`: there is none. */
    readonly trouble: (id: string) => Effect.Effect<Option.Option<string>>
  }
>() {
  /** Where several processes share the database, each knows of the changes of the others within a second. */
  static readonly layer: Layer.Layer<
    Endpoints,
    ConfigError.ConfigError | SqlError.SqlError,
    SqlClient.SqlClient | Environment
  > = Layer.scoped(
    Endpoints,
    Effect.suspend(() => make)
  ).pipe(Layer.provide(Guard.layer))
}
