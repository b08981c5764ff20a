/**
 * Your code, called with each committed event. A handler is a Layer: merge it into your program and it
 * runs as long as the program does.
 */
import { Effect, Layer, Redacted, Stream } from "effect"
import type { LoggedEvent } from "../Domain/Event.ts"
import { toWireName } from "../Domain/EventName.ts"
import type * as LifeCycle from "../Domain/LifeCycle.ts"
import { type Absentee, EventBus } from "../Log/EventBus.ts"

/** An event as a handler gets it: the data of life-cycle events is typed, any other is `unknown`. */
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
 * built. A handler that fails or dies is logged with its event's cursor, and the next event comes.
 * A handler that lags by more than a few thousand events gets them from the log, where QR codes are
 * `[redacted]`.
 */
export const on = <Name extends LifeCycle.Name | (string & {}), E, R>(
  name: Name,
  handler: (event: HandledEvent<Name>) => Effect.Effect<unknown, E, R>
): Layer.Layer<never, never, EventBus | R> =>
  Layer.scopedDiscard(
    Effect.flatMap(EventBus, (bus) =>
      bus.after("now", absentee(name)).pipe(
        Stream.filter(({ event }) => event === toWireName(name)),
        Stream.runForEach((event) =>
          Effect.suspend(() => handler(toHandled<Name>(event))).pipe(
            Effect.catchAllCause((cause) =>
              Effect.logError(`The handler of "${name}" failed on event ${event.id}`, cause)
            ),
            Effect.annotateLogs("instance", event.instance)
          )
        ),
        Effect.forkScoped
      )
    )
  )

const absentee = (name: string): Absentee => ({
  wants: () => true,
  missed: (until) =>
    Effect.logWarning(
      `The handler of "${name}" was so late that events up to ${until} were purged before it came to them`
    )
})

const toHandled = <Name extends string>(logged: LoggedEvent): HandledEvent<Name> => {
  const { event, id, instance, json, lifeCycle, origin, receivedAt } = logged
  const data: unknown =
    lifeCycle === null ? JSON.parse(String(json)) : Redacted.value(lifeCycle).data
  // The name was compared, and a life-cycle event's data was decoded by it.
  return { id, instance, event, data, receivedAt, origin } as HandledEvent<Name>
}
