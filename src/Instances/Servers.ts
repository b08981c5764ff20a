/** The Evolution servers that the service listens to, each with its own listeners and instances. */
import { type Array as Arr, Context, Effect, FiberRef, HashMap, identity, Layer } from "effect"
import type { Tenancy } from "../Cluster/Tenancy.ts"
import { Server, type ServerId } from "../Domain/Server.ts"
import { Clocks } from "../Listening/Clocks.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { Proof } from "../Listening/Proof.ts"
import { Ingest } from "../Log/Ingest.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import { Instances } from "./Instances.ts"
import { Pairing } from "./Pairing.ts"
import { Summary } from "./Summary.ts"

/** The services of one server, as long as this process owns it. */
export const one = ({ isOurs }: Tenancy) =>
  Effect.all({
    id: Server,
    isOurs: Effect.succeed(isOurs),
    clocks: Clocks,
    ingest: Ingest,
    instances: Instances,
    pairing: Pairing,
    proof: Proof,
    records: InstanceStore,
    registry: ListenerRegistry,
    summary: Summary
  })

export type OneServer = Effect.Effect.Success<ReturnType<typeof one>>

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
    Effect.map(one({ isOurs: () => true }), (server) => of([server]))
  )
}

export const of = (all: Arr.NonEmptyReadonlyArray<OneServer>): Servers["Type"] => ({
  all,
  get: (id) => all.find((server) => server.id === id),
  within: all.length === 1 ? () => identity : named
})

/** Names a server in the log lines and the counters of an effect, and of the fibers that it starts. */
export const named =
  (id: ServerId) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(Effect.annotateLogs("server", id), Effect.tagMetrics("server", id))

/** Takes the name that `Cluster/Ownership` gives: a server that is alone has none in the log. */
export const unnamed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.locallyWith(effect, FiberRef.currentLogAnnotations, HashMap.remove("server"))
