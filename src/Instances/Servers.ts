/** The Evolution servers that the service knows. Each has listeners and instances in the process that owns it. */
import { SqlClient, type SqlError } from "@effect/sql"
import {
  type Array as Arr,
  Context,
  Effect,
  FiberRef,
  HashMap,
  identity,
  Layer,
  Stream
} from "effect"
import type { Tenancy } from "../Cluster/Tenancy.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import type { LinkError } from "../Domain/LinkError.ts"
import type { ListenerState } from "../Domain/ListenerState.ts"
import { Server, type ServerId } from "../Domain/Server.ts"
import { Clocks } from "../Listening/Clocks.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { Proof } from "../Listening/Proof.ts"
import { Ingest } from "../Log/Ingest.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import { Instances } from "./Instances.ts"
import { Pairing } from "./Pairing.ts"
import { Summary } from "./Summary.ts"

/** The services of a server, in the process that owns it. */
export const owned = Effect.all({
  id: Server,
  clocks: Clocks,
  ingest: Ingest,
  instances: Instances,
  pairing: Pairing,
  proof: Proof,
  records: InstanceStore,
  registry: ListenerRegistry,
  summary: Summary
})

export type Owned = Effect.Effect.Success<typeof owned>

export interface OneServer {
  readonly id: ServerId
  /** `undefined`: another process owns the server, or none does. */
  readonly owned: () => Owned | undefined
  /** Waits until this process has these services no more. */
  readonly lost: (services: Owned) => Effect.Effect<void>
  /** Says that the server has an instance, as far as the owner has noted it. */
  readonly knows: (name: InstanceName) => Effect.Effect<boolean, SqlError.SqlError>
  /** Changes of listeners' states from now on, as long as this process owns the server. */
  readonly changes: ListenerRegistry["Type"]["changes"]
}

export class Servers extends Context.Tag("evolution-listener/Servers")<
  Servers,
  {
    /** In the order of the settings. */
    readonly all: Arr.NonEmptyReadonlyArray<OneServer>
    readonly get: (id: string) => OneServer | undefined
    /** Names a server in the log lines and the counters of an effect, where there are several. */
    readonly within: (
      id: ServerId
    ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>() {
  /** The one server of the program. */
  static readonly layer = Layer.effect(
    Servers,
    Effect.map(owned, (server) => of([ours(server)]))
  )
}

export const of = (all: Arr.NonEmptyReadonlyArray<OneServer>): Servers["Type"] => ({
  all,
  get: (id) => all.find((server) => server.id === id),
  within: all.length === 1 ? () => identity : named
})

/** A server that this process owns for good. */
export const ours = (server: Owned): OneServer => ({
  id: server.id,
  owned: () => server,
  lost: () => Effect.never,
  knows: (name) => Effect.sync(() => server.records.get(name) !== undefined),
  changes: Stream.suspend(() => server.registry.changes)
})

/** A server that this process owns now and then. */
export const shared = (
  id: ServerId,
  { changes, now }: Pick<Tenancy<Owned>, "changes" | "now">
): Effect.Effect<OneServer, never, SqlClient.SqlClient> =>
  Effect.map(SqlClient.SqlClient, (sql) => ({
    id,
    owned: now,
    lost: (services) =>
      Stream.runDrain(Stream.takeWhile(changes, (current) => current === services)),
    knows: (name) =>
      Effect.suspend(() => {
        const here = now()
        if (here !== undefined) return Effect.succeed(here.records.get(name) !== undefined)
        return Effect.map(
          sql`select from instances where server = ${id} and name = ${name}`,
          (rows) => rows.length > 0
        )
      }),
    changes: Stream.flatMap(changes, (here) => here?.registry.changes ?? Stream.never, {
      switch: true
    })
  }))

/** Errors of a link that another replica may not have. */
const ofTheWay: ReadonlySet<string> = new Set<LinkError["_tag"]>([
  "ConnectionLost",
  "DialFailed",
  "HandshakeTimeout",
  "HeartbeatMissed"
])

const isCutOff = (state: ListenerState): boolean =>
  (state._tag === "Waiting" || state._tag === "Parked") && ofTheWay.has(state.error._tag)

/** False: listeners do not reach the server, and none does. `undefined`: nothing tells. */
export const reaches = ({ registry }: Owned): Effect.Effect<boolean | undefined> =>
  Effect.map(registry.all, (listeners) => {
    if (listeners.some(({ state }) => state._tag === "Listening")) return true
    return listeners.some(({ state }) => isCutOff(state)) ? false : undefined
  })

/** Names a server in the log lines and the counters of an effect, and of the fibers that it starts. */
export const named =
  (id: ServerId) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(Effect.annotateLogs("server", id), Effect.tagMetrics("server", id))

/** Takes the name that `Cluster/Ownership` gives: a server that is alone has none in the log. */
export const unnamed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.locallyWith(effect, FiberRef.currentLogAnnotations, HashMap.remove("server"))
