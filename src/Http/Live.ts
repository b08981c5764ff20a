/**
 * The log as it grows, to whoever stays connected: server-sent events. An event's `id` is its cursor in
 * the log, so that a reader who comes back with `Last-Event-ID` misses nothing and gets nothing twice.
 */
import type { HttpServerResponse } from "@effect/platform"
import { Chunk, Context, Deferred, Effect, Layer, Schema, Stream } from "effect"
import type { LoggedEvent } from "../Domain/Event.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import { Caller, sees } from "../Domain/Key.ts"
import { ListenerState } from "../Domain/ListenerState.ts"
import { type Absentee, EventBus } from "../EventBus.ts"
import { ListenerRegistry } from "../ListenerRegistry.ts"
import { farewell, frame, heartbeatEvery, respond, retry, Stopping } from "./Sse.ts"

export interface Wanted {
  readonly instance?: InstanceName | undefined
  /** The wire's names; none: every event. */
  readonly events?: ReadonlyArray<string> | undefined
  /** The last event a reader has; without one it gets what comes from now on. */
  readonly after?: number | undefined
}

export class Live extends Context.Tag("evolution-listener/Live")<
  Live,
  {
    /** To a caller, who gets what it may see. */
    readonly respond: (
      wanted: Wanted
    ) => Effect.Effect<HttpServerResponse.HttpServerResponse, never, Caller>
  }
>() {
  static readonly layer = Layer.effect(
    Live,
    Effect.suspend(() => make)
  )
}

/** Why we end a stream; the reader comes again with `Last-Event-ID`. */
const farewells = {
  too_slow: "You read more slowly than events come: go on from your last id",
  stopping: "The service stops: go on from your last id"
}

const make = Effect.gen(function* () {
  const bus = yield* EventBus
  const registry = yield* ListenerRegistry
  const stopping = yield* Stopping

  const read = (
    { after, events: names = [], instance }: Wanted,
    isSeen: (name: string) => boolean
  ) =>
    Stream.unwrap(
      Effect.map(bus.newest, (newest) => {
        const isKnown = after !== undefined && after <= newest
        const wanted = new Set(names)
        const isWanted = (name: string) =>
          (instance === undefined || name === instance) && isSeen(name)
        let cursor = isKnown ? after : newest
        let hasCaughtUp = false
        let told = bus.purgedUntil(isWanted)
        /** What was purged before this reader came to it, and it has not been told of. */
        let missed = ""

        const hello = frame("hello", { recovered: isKnown && told <= cursor, cursor })
        const reader: Absentee = {
          wants: isWanted,
          missed: (until) =>
            Effect.sync(() => {
              if (until > told) missed = frame("hello", { recovered: false, cursor })
              told = Math.max(told, until)
            })
        }
        const events = bus.after(cursor, reader).pipe(
          Stream.chunks,
          Stream.map((chunk) => {
            const some = Chunk.filter(
              chunk,
              (one) => isWanted(one.instance) && (wanted.size === 0 || wanted.has(one.event))
            )
            cursor = Chunk.isNonEmpty(chunk) ? Chunk.lastNonEmpty(chunk).id : cursor
            hasCaughtUp ||= !bus.isLate(cursor)
            const text = missed + Chunk.join(Chunk.map(some, logged), "")
            missed = ""
            return { upTo: cursor, text }
          }),
          // Who was there and fell out of memory again would have the database read for it for ever.
          Stream.takeUntil(() => hasCaughtUp && bus.isLate(cursor))
        )
        const states = registry.changes.pipe(
          Stream.filter(({ name }) => isWanted(name)),
          Stream.map(({ name, state }) => ({
            text: frame("status", { name, state: encodeState(state) })
          }))
        )
        const heartbeats = Stream.as(Stream.fromSchedule(heartbeatEvery), "heartbeat" as const)
        let given = cursor

        /** The id tells a reader with a filter how far it has come: with what was given before. */
        const toText = (one: { readonly text: string; readonly upTo?: number } | "heartbeat") => {
          if (one === "heartbeat") return `: heartbeat\nid: ${given}\n\n`
          given = one.upTo ?? given
          return one.text
        }
        const end = Stream.fromEffect(
          Effect.map(Deferred.isDone(stopping), (isStopping) => {
            const reason = isStopping ? "stopping" : "too_slow"
            return farewell(reason, farewells[reason])
          })
        )
        return Stream.make(`${retry}${hello}`).pipe(
          Stream.concat(
            events.pipe(
              Stream.merge(Stream.merge(states, heartbeats), { haltStrategy: "left" }),
              Stream.map(toText),
              Stream.filter((text) => text !== ""),
              Stream.interruptWhenDeferred(stopping)
            )
          ),
          Stream.concat(end)
        )
      })
    )

  return Live.of({
    respond: (wanted) =>
      Effect.map(Caller, (caller) => respond("events", read(wanted, sees(caller))))
  })
})

/** One text for all readers, as long as the event is in memory. */
const texts = new WeakMap<LoggedEvent, string>()

/** The same shape as in `GET /events`; the data is JSON text already and goes out as it is. */
const logged = (event: LoggedEvent): string => {
  const known = texts.get(event)
  if (known !== undefined) return known
  const text =
    `id: ${event.id}\ndata: {"id":${event.id},"instance":${JSON.stringify(event.instance)},` +
    `"event":${JSON.stringify(event.event)},"data":${event.json},"extra":${event.extra},` +
    `"upstreamTime":${JSON.stringify(event.upstreamTime)},` +
    `"receivedAt":"${new Date(event.receivedAt).toISOString()}","origin":"${event.origin}"}\n\n`
  texts.set(event, text)
  return text
}

const encodeState = Schema.encodeSync(ListenerState)
