/**
 * Which replica owns which Evolution server. Exactly one listens to a server and writes what it emits.
 *
 * There are two layers of truth. An engine says which replica should own a server, and may be late. A row with an
 * epoch says which one does: each tenure raises it by one, and a write with an older epoch is refused.
 */
import { randomUUID } from "node:crypto"
import type { SqlClient, SqlError } from "@effect/sql"
import { type ConfigError, Context, Effect, Layer, Option, type Scope } from "effect"
import type { Settings } from "../AppConfig/Settings.ts"
import * as AppConfig from "../AppConfig.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import type { Tenure } from "../Domain/Tenure.ts"
import { EngineMissing, type NoHeir, type SettingsDiffer } from "./ClusterError.ts"
import * as Fingerprints from "./Fingerprints.ts"
import * as Designator from "./Ownership/Designator.ts"
import type { Duty } from "./Ownership/Duty.ts"
import { make } from "./Ownership/Make.ts"
import type { Holder } from "./Ownership/Tenures.ts"
import * as Timing from "./Ownership/Timing.ts"
import * as Replicas from "./Replicas.ts"

export type { Duty, Holder }

export class Ownership extends Context.Tag("evolution-listener/Ownership")<
  Ownership,
  {
    /** This replica: a UUID that is made when the process starts. */
    readonly me: string
    /** There are no replicas by definition: this process takes each server at once. */
    readonly isAlone: boolean
    /**
     * Works for a server until the scope closes, whenever this replica owns it. The end of the scope is the stop of
     * the replica (`leave`): it waits until the work is over and the server released.
     */
    readonly run: <Link, E, R>(
      server: string,
      duty: Duty<Link, E, R>
    ) => Effect.Effect<void, SqlError.SqlError, Exclude<R, Scope.Scope> | Scope.Scope>
    /** The tenures of this replica. */
    readonly held: Effect.Effect<ReadonlyArray<Tenure>>
    /** The owner of each server, or the last one, by its id. */
    readonly holders: Effect.Effect<ReadonlyArray<Holder>, SqlError.SqlError>
    /** Oldest first. A process alone gives none. */
    readonly replicas: Effect.Effect<ReadonlyArray<Replicas.Replica>, SqlError.SqlError>
    /**
     * Gives a server to another replica, whatever the engine says, for as long as that one lives. Gives its id; the
     * tenure follows as soon as its link is up.
     */
    readonly handOver: (server: string) => Effect.Effect<string, NoHeir | SqlError.SqlError>
    /**
     * Withdraws this replica. Its work goes on until a successor wants the server, 3 s at most; then it ends, and the
     * server is released, which a replica waits for. A stop that begins with it leaves nothing unheard.
     */
    readonly leave: Effect.Effect<void>
  }
>() {
  /**
   * One process alone, without an engine: it takes each server at once. An older process that still runs is fenced.
   */
  static readonly layerSingle: Layer.Layer<Ownership, never, SqlClient.SqlClient> = Layer.effect(
    Ownership,
    Effect.suspend(() =>
      make({
        me: randomUUID(),
        designator: Designator.alone,
        replicas: Replicas.none,
        isAlone: true,
        timing: Timing.alone
      })
    )
  )

  /** One of several replicas on one Postgres. */
  static readonly layerCluster = (options: {
    /** All of them, which are the same for each replica. */
    readonly servers: ReadonlyArray<string>
    /** For people: a host and a port. */
    readonly address: string
    readonly prints: Fingerprints.Fingerprints
    readonly timing?: Partial<Timing.Timing>
  }): Layer.Layer<
    Ownership,
    SqlError.SqlError | SettingsDiffer | EngineMissing,
    SqlClient.SqlClient
  > =>
    Layer.scoped(
      Ownership,
      Effect.gen(function* () {
        const me = randomUUID()
        const timing = { ...Timing.defaults, ...options.timing }
        const { address, prints } = options
        const { join } = yield* Effect.tryPromise({
          try: () => import("./Ownership/Engine.ts"),
          catch: (error) => EngineMissing.of(detailOf(error))
        })
        const replicas = yield* Replicas.register({ id: me, address, prints, timing })
        const designator = yield* join(me, options.servers)
        return yield* make({ me, designator, replicas, isAlone: false, timing })
      })
    )

  /** As the setting `CLUSTER` has it. */
  static readonly layer: Layer.Layer<
    Ownership,
    ConfigError.ConfigError | SqlError.SqlError | SettingsDiffer | EngineMissing,
    SqlClient.SqlClient | Settings
  > = Layer.unwrapEffect(
    Effect.gen(function* () {
      const cluster = yield* AppConfig.cluster
      if (Option.isNone(cluster)) return Ownership.layerSingle
      const known = yield* AppConfig.forEachServer((id) =>
        Effect.map(AppConfig.Evolution, ({ apiKey, url }) => ({ id, key: apiKey, url: url.href }))
      )
      return Ownership.layerCluster({
        servers: known.map(({ id }) => id),
        address: cluster.value.address.href,
        prints: yield* Fingerprints.of(known, cluster.value.apiKey)
      })
    })
  )
}
