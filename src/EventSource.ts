/** The raw events of one instance, as a stream. Nothing downstream knows that there is a socket. */
import { Config, Context, type Effect, Layer, type Scope, type Stream } from "effect"
import * as AppConfig from "./AppConfig.ts"
import type { RawEvent } from "./Domain/Event.ts"
import type { InstanceName } from "./Domain/Instance.ts"
import type { LinkError } from "./Domain/LinkError.ts"
import * as Global from "./EventSource/Global.ts"
import * as Namespace from "./EventSource/Namespace.ts"

export class EventSource extends Context.Tag("evolution-listener/EventSource")<
  EventSource,
  {
    /**
     * Succeeds when Evolution's events of this instance reach us; the stream then ends only with
     * `quiesce`, and fails with what ended the link. Closing the scope leaves the link. A refusal
     * that `open` waits out by itself (a namespace that does not exist yet) is told to `onRefused`.
     */
    readonly open: (
      name: InstanceName,
      onRefused: (error: LinkError) => Effect.Effect<void>
    ) => Effect.Effect<Stream.Stream<RawEvent, LinkError>, LinkError, Scope.Scope>
    /**
     * The names of instances created while nobody has them open. Their events are held, within
     * bounds, for the `open` that follows. A source that cannot see this never says anything.
     */
    readonly created: Effect.Effect<Stream.Stream<string, LinkError>, LinkError, Scope.Scope>
    /** Reads no further: every open stream ends after the last event received. */
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
