/**
 * Calls an embedder's code with each committed event. A handler is a layer: merge it into your program, and
 * it runs as long as the program does.
 */
import { Effect, Layer, Redacted, Stream } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import type { LoggedEvent } from "../Domain/Event.ts"
import { toWireName } from "../Domain/EventName.ts"
import type * as LifeCycle from "../Domain/LifeCycle.ts"
import { type Absentee, EventBus } from "../Log/EventBus.ts"

/** The argument of a handler: the data of a life-cycle event is typed, any other data is `unknown`. */
export interface HandledEvent<Name extends string> {
  /** The event's cursor in the log. */
  readonly id: number
  readonly instance: string
  readonly event: Name
  readonly data: Name extends LifeCycle.Name ? LifeCycle.Data<Name> : unknown
  /** Our clock, ms since 1970 UTC. */
  readonly receivedAt: number
  readonly origin: LoggedEvent["origin"]
}

/**
 * Runs `handler` for every event of one name, in order and one at a time, from the moment the layer is
 * built. The failure of a handler is logged with its event's cursor, and the next event follows. A handler
 * that lags by more than a few thousand events reads them from the log, where QR codes are `[redacted]`.
 */
export const on = <Name extends LifeCycle.Name | (string & {}), E, R>(
  name: Name,
  handler: (event: HandledEvent<Name>) => Effect.Effect<unknown, E, R>
): Layer.Layer<never, never, EventBus | R> =>
  Layer.scopedDiscard(
    Effect.flatMap(EventBus, (bus) =>
      loop(
        `handler of "${name}"`,
        bus.after("now", absentee(name)).pipe(
          Stream.filter(({ event }) => event === toWireName(name)),
          Stream.runForEach((event) =>
            Effect.suspend(() => handler(toHandled<Name>(event))).pipe(
              Effect.catchAllCause((cause) =>
                Effect.logError(`The handler of "${name}" failed on event ${event.id}`, cause)
              ),
              Effect.annotateLogs("instance", event.instance)
            )
          )
        )
      )
    )
  )

const absentee = (name: string): Absentee => ({
  wants: () => true,
  query: { events: [toWireName(name)] },
  missed: (until) =>
    Effect.logWarning(
      `The handler of "${name}" lags: events up to ${until} were purged before it read them`
    )
})

const toHandled = <Name extends string>(logged: LoggedEvent): HandledEvent<Name> => {
  const { event, id, instance, json, lifeCycle, origin, receivedAt } = logged
  const data: unknown = lifeCycle === null ? JSON.parse(json) : Redacted.value(lifeCycle).data
  // Sound: the event has this name, and the data of a life-cycle event was decoded by its name.
  return { id, instance, event, data, receivedAt, origin } as HandledEvent<Name>
}
