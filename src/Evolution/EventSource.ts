/** The raw events of one instance. Nothing downstream knows that there is a socket. */
import { Config, Context, type Effect, Layer, type Scope, type Stream } from "effect"
import * as AppConfig from "../AppConfig.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import type { LinkError } from "../Domain/LinkError.ts"
import * as Global from "./EventSource/Global.ts"
import * as Namespace from "./EventSource/Namespace.ts"
import type { Sink } from "./EventSource/Sink.ts"
import type { Heard } from "./Wire/Hearing.ts"

export type { Sink }

export interface Subscription {
  /**
   * Hands on, in order, what was received since `open` and what comes. Succeeds only with `quiesce`,
   * fails with what ended the link; both after the last event is taken in. Where a link is shared, it
   * hands on by itself: at once what is of several instances, if their sinks are one and the same; and
   * to interrupt the run does not interrupt that. To be run once.
   */
  readonly run: (sink: Sink) => Effect.Effect<void, LinkError>
  /** Ends this run and no other one's, as `quiesce` does. */
  readonly end: Effect.Effect<void>
  /** What was received and no sink has taken in is not heard. */
  readonly heard: Effect.Effect<Heard>
}

export class EventSource extends Context.Tag("evolution-listener/EventSource")<
  EventSource,
  {
    /** Whether one link serves all instances, so that it is lost and dialled for all at once. */
    readonly isShared: boolean
    /**
     * Succeeds when Evolution's events of this instance reach us. Closing the scope leaves the link. A
     * refusal that `open` waits out by itself (a namespace that does not exist yet) is told to
     * `onRefused`.
     */
    readonly open: (
      name: InstanceName,
      onRefused: (error: LinkError) => Effect.Effect<void>
    ) => Effect.Effect<Subscription, LinkError, Scope.Scope>
    /**
     * Exchanges an instance's connection for a fresh one without a hole and without a repetition. When
     * that fails, the old one goes on; where there is none, nothing happens.
     */
    readonly renew: (name: InstanceName) => Effect.Effect<void, LinkError>
    /**
     * Waits until nobody is on the way to a link, for a while at most. Whoever is on none misses what
     * happens; the rest can wait.
     */
    readonly calm: Effect.Effect<void>
    /** Until when all links that are up have heard; `undefined`: none is. */
    readonly heard: Effect.Effect<number | undefined>
    /**
     * The names of instances created while nobody has them open. Their events are held, within
     * bounds, for the `open` that follows. A source that cannot see this never says anything.
     */
    readonly created: Effect.Effect<Stream.Stream<string, LinkError>, LinkError, Scope.Scope>
    /** Reads no further: every run ends after the last event received. */
    readonly quiesce: Effect.Effect<void>
  }
>() {
  /** One shared connection to `/`; needs `WEBSOCKET_GLOBAL_EVENTS=true` at Evolution. */
  static readonly layerGlobal = Layer.scoped(EventSource, Global.make)

  /** One connection to `/<name>` per instance; needs each instance's websocket to be enabled. */
  static readonly layerNamespace = Layer.scoped(EventSource, Namespace.make)

  /** As `EVOLUTION_MODE` says. */
  static readonly layer = Layer.unwrapEffect(
    Config.map(AppConfig.Evolution, ({ mode }) =>
      mode === "global" ? EventSource.layerGlobal : EventSource.layerNamespace
    )
  )
}
