/**
 * Calls an embedder's code with each committed event. A handler is a layer: merge it into your program, and
 * it runs as long as the program does.
 */
import { Effect, Either, Layer, Stream } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import type { LoggedEvent } from "../Domain/Event.ts"
import * as EventCatalog from "../Domain/EventCatalog.ts"
import { type Spelling as Known, toWireName } from "../Domain/EventName.ts"
import { type Absentee, EventBus } from "../Log/EventBus.ts"
import { Drifts } from "./Drift.ts"
import { DurableHandlers, type DurableNameTaken, type Missed } from "./DurableHandlers.ts"
import { type DriftedEvent, type Handled, undecoded, viewed } from "./Handlers/Handled.ts"

export { DurableNameTaken, type Missed } from "./DurableHandlers.ts"
export type { DriftedEvent, Handled, HandledEvent } from "./Handlers/Handled.ts"

export interface Options<E, R, Durable extends string = never> {
  /**
   * Called in place of the handler with an event whose data is not as the catalogue says. Without it such an
   * event is passed over; it is counted in any case, and the first one of a name is logged.
   */
  readonly onDrift?: (event: DriftedEvent) => Effect.Effect<unknown, E, R>
  /**
   * The name of a cursor in the database. The handler goes on from it after a restart, and misses no event: it is
   * called at least once for each. An event with which it fails is tried again until it succeeds, and the next one of
   * that server waits. A new name begins with the events of now.
   */
  readonly durable?: Durable
  /**
   * Called by a durable handler when events of a server were purged before it got them. The log warns of it in any case.
   */
  readonly onMissed?: (missed: Missed) => Effect.Effect<unknown, E, R>
}

type IfDurable<Durable extends string, Then, Else> = [Durable] extends [never] ? Else : Then

/**
 * Runs `handler` for every event of a name, or of several (`EventCatalog.names` is all of them), in order and one
 * at a time, from the moment the layer is built. The failure of a handler is logged with its event's cursor, and the next event
 * follows. A handler that lags by more than a few thousand events reads them from the log, where QR codes are
 * `[redacted]`.
 *
 * Of several processes with one log, the one that wrote an event handles it. Events that were not handled when their
 * process ended are in the log, and no other process handles them, unless the handler is `durable`: then the owner of
 * the server goes on from the cursor. It runs one event at a time for each server, and servers side by side.
 */
export const on = <
  const Spelling extends Known | (string & {}),
  E,
  R,
  E2 = never,
  R2 = never,
  const Durable extends string = never
>(
  names: Spelling | ReadonlyArray<Spelling>,
  handler: (event: Handled<Spelling>) => Effect.Effect<unknown, E, R>,
  options: Options<E2, R2, Durable> = {}
): Layer.Layer<
  never,
  IfDurable<Durable, DurableNameTaken, never>,
  IfDurable<Durable, DurableHandlers, EventBus> | R | R2
> => {
  const { durable, onDrift, onMissed } = options
  const spelled: ReadonlyArray<string> = typeof names === "string" ? [names] : names
  const wanted = new Set(spelled.map(toWireName))

  const handle = (logged: LoggedEvent): Effect.Effect<unknown, E | E2, R | R2> => {
    const event = undecoded(logged)
    const decoded = EventCatalog.decode(event.event, event.data)
    // Sound: it has one of these names, and its data was decoded by its name.
    if (Either.isRight(decoded)) return handler(viewed(event) as Handled<Spelling>)
    const { left: drift } = decoded
    return Effect.zipRight(
      Effect.flatMap(Drifts, ({ found }) => found(logged, drift)),
      onDrift?.({ ...event, paths: drift.paths }) ?? Effect.void
    )
  }
  const missed = (what: Missed) => onMissed?.(what) ?? Effect.void

  const layer =
    durable === undefined
      ? fromNow(spelled, wanted, handle)
      : fromCursor(durable, wanted, handle, missed)
  // Sound: `durable` is there if and only if its type is not `never`.
  return layer as ReturnType<typeof on<Spelling, E, R, E2, R2, Durable>>
}

type Handle<E, R> = (event: LoggedEvent) => Effect.Effect<unknown, E, R>
type Miss<E, R> = (missed: Missed) => Effect.Effect<unknown, E, R>

const fromCursor = <E, R, E2, R2>(
  name: string,
  events: ReadonlySet<string>,
  handle: Handle<E, R>,
  missed: Miss<E2, R2>
) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { register } = yield* DurableHandlers
      const context = yield* Effect.context<R | R2>()
      yield* register({
        name,
        events,
        handle: (event) => Effect.provide(handle(event), context),
        missed: (what) => Effect.provide(missed(what), context)
      })
    })
  )

const fromNow = <E, R>(
  spelled: ReadonlyArray<string>,
  wanted: ReadonlySet<string>,
  handle: Handle<E, R>
) => {
  const title =
    spelled.length > 3
      ? `handler of ${spelled.length} events`
      : `handler of "${spelled.join('", "')}"`

  return Layer.scopedDiscard(
    Effect.flatMap(EventBus, (bus) =>
      loop(
        title,
        bus.after("now", absentee(title, [...wanted])).pipe(
          Stream.filter((event) => wanted.has(event.event) && bus.isOurs(event)),
          Stream.runForEach((event) =>
            Effect.suspend(() => handle(event)).pipe(
              Effect.catchAllCause((cause) =>
                Effect.logError(`The ${title} failed on event ${event.id}`, cause)
              ),
              Effect.annotateLogs("instance", event.instance)
            )
          )
        )
      )
    )
  )
}

const absentee = (title: string, events: ReadonlyArray<string>): Absentee => ({
  wants: () => true,
  query: { events },
  missed: (until) =>
    Effect.logWarning(`The ${title} lags: events up to ${until} were purged before it read them`)
})
