/** The raw events of one instance. Downstream of this module no code knows that there is a socket. */
import { Context, Effect, Layer, type Scope, type Stream } from "effect"
import * as AppConfig from "../AppConfig.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import type { LinkError } from "../Domain/LinkError.ts"
import * as Auto from "./EventSource/Auto.ts"
import type { Flow } from "./EventSource/Flow.ts"
import * as Global from "./EventSource/Global.ts"
import * as Namespace from "./EventSource/Namespace.ts"
import type { Sink } from "./EventSource/Sink.ts"
import type { Heard } from "./Wire/Hearing.ts"

export type { Flow, Sink }

export interface Subscription {
  /**
   * Hands on, in order, the events received since `open` and those to come; to be run once. Succeeds after
   * `end` or `quiesce`, fails with the error that ended the link; both after the sink has taken the last
   * event. A shared link calls the sink from its own fiber, with events of several instances at once where
   * their sinks are one and the same; to interrupt the run does not interrupt that call.
   */
  readonly run: (sink: Sink) => Effect.Effect<void, LinkError>
  /** Ends this run alone, as `quiesce` ends all. */
  readonly end: Effect.Effect<void>
  /** An event that was received and no sink has taken is not heard. */
  readonly heard: Effect.Effect<Heard>
}

export class EventSource extends Context.Tag("evolution-listener/EventSource")<
  EventSource,
  {
    readonly mode: "global" | "namespace" | "auto"
    /**
     * True while one link serves all instances, so that it is lost and dialled for all at once. In auto mode
     * this changes: ask each time.
     */
    readonly isShared: boolean
    /**
     * In auto mode: takes events by global events or by namespaces from now on. Each subscription of the
     * other kind, and each `open` that is under way, ends with `ModeChanged`. Does nothing in other modes.
     */
    readonly changeMode: (to: "global" | "namespace") => Effect.Effect<void>
    /** Waits for the next change of mode. */
    readonly modeChanged: Effect.Effect<void>
    /**
     * Succeeds when Evolution's events of this instance reach us. Closing the scope leaves the link.
     * `onRefused` is called with each refusal that `open` waits out: a namespace that does not exist yet.
     */
    readonly open: (
      name: InstanceName,
      onRefused: (error: LinkError) => Effect.Effect<void>
    ) => Effect.Effect<Subscription, LinkError, Scope.Scope>
    /**
     * Exchanges an instance's connection for a fresh one; no event is lost or repeated. When it fails, the
     * old connection goes on. Does nothing where there is no connection.
     */
    readonly renew: (name: InstanceName) => Effect.Effect<void, LinkError>
    /**
     * Waits until no instance is being dialled, at most 30 s. An instance without a link loses events, so
     * other work should give way to the dials.
     */
    readonly calm: Effect.Effect<void>
    /**
     * The last events of an instance, or of all if the name is left out, over the link that is up now;
     * `undefined`: no link is up.
     */
    readonly flow: (name?: string) => Effect.Effect<Flow | undefined>
    /** The last events over the link to `/`, also while namespaces are used; `undefined`: it is not up. */
    readonly shared: Effect.Effect<Flow | undefined>
    /** The least `until` of all links that are up, in ms since 1970 UTC; `undefined`: no link is up. */
    readonly heard: Effect.Effect<number | undefined>
    /**
     * The names of instances that are created at Evolution, wanted, and not open here. Their events are held,
     * within bounds, for the `open` that follows. Namespace mode cannot see such instances: its stream is
     * empty.
     */
    readonly created: (
      isWanted: (name: string) => boolean
    ) => Effect.Effect<Stream.Stream<string, LinkError>, LinkError, Scope.Scope>
    /** Calls the watcher with the instance of every event that no listener takes, until the scope closes. */
    readonly watchIgnored: (
      watcher: (name: string) => void
    ) => Effect.Effect<void, never, Scope.Scope>
    /** Reads the sockets no further: every run ends after the last event received. */
    readonly quiesce: Effect.Effect<void>
  }
>() {
  /** One shared connection to `/`; needs `WEBSOCKET_GLOBAL_EVENTS=true` at Evolution. */
  static readonly layerGlobal = Layer.scoped(EventSource, Global.make())

  /** One connection to `/<name>` per instance; needs each instance's websocket to be enabled. */
  static readonly layerNamespace = Layer.scoped(EventSource, Namespace.make)

  /** Begins with global events; `changeMode` says when to use namespaces instead, and when no more. */
  static readonly layerAuto = Layer.scoped(EventSource, Auto.make)

  /** The one that `EVOLUTION_MODE` names. */
  static readonly layer = Layer.unwrapEffect(
    Effect.map(
      AppConfig.Evolution,
      ({ mode }) =>
        ({
          auto: EventSource.layerAuto,
          global: EventSource.layerGlobal,
          namespace: EventSource.layerNamespace
        })[mode]
    )
  )
}
