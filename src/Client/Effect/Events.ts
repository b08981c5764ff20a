/** The log as it grows, as a stream. */
import { type HttpClient, HttpClientRequest, type HttpClientResponse } from "@effect/platform"
import { Data, Effect, Option, type ParseResult, Redacted, Schedule, Schema, Stream } from "effect"
import { EventRecord } from "../../Domain/Event.ts"
import { ListenerState } from "../../Domain/ListenerState.ts"
import {
  ended,
  type Heard,
  type Interruption,
  isFinal,
  longestSilence,
  type Missed,
  messageOf,
  Reading,
  type Refusal,
  refusalOf,
  silent
} from "../Reading.ts"
import type { AnyName, EventName, Typed } from "../Typed.ts"
import { Hearing, withoutEmptyChunks } from "./Hearing.ts"
import { reconnect } from "./Reconnect.ts"

export type Event<Name extends string = EventName> = Typed<EventRecord, Name>

export interface EventsOptions<Name extends string = AnyName> {
  readonly instance?: string | undefined
  /** The id of an Evolution server; all of them if absent. */
  readonly server?: string | undefined
  /** Names such as `messages.upsert`; every event if absent. */
  readonly event?: Name | ReadonlyArray<Name> | undefined
  /** The `id` of the last event that the caller has; without it, only new events come. */
  readonly after?: number | undefined
  /** Hears of events that were purged. Without it, the stream fails with `EventsMissed`. */
  readonly onMissed?: ((missed: Missed) => Effect.Effect<void>) | undefined
  /** Hears of changes of the state of a listener. */
  readonly onStatus?: ((change: StatusChange) => Effect.Effect<void>) | undefined
  /** Hears why the connection is made again. */
  readonly onInterrupted?: ((by: Interruption) => Effect.Effect<void>) | undefined
}

/** The state of an instance's listener has changed. */
export const StatusChange = Schema.Struct({
  name: Schema.String,
  /** The Evolution server of the instance. */
  server: Schema.optionalWith(Schema.String, { default: () => "default" }),
  state: ListenerState
})
export type StatusChange = typeof StatusChange.Type

/** Events after `after` were purged before this reader came to them. To go on, begin anew after `cursor`. */
export class EventsMissed extends Data.TaggedError("EventsMissed")<Missed> {
  override get message() {
    return `Events after ${this.after} were purged before they were read`
  }
}

/** The stream is refused, and another try would not help. `error` is the tag of the service's error. */
export class StreamRefused extends Data.TaggedError("StreamRefused")<{
  readonly status: number
  readonly error: string | null
  readonly message: string
}> {}

class Interrupted extends Data.TaggedError("Interrupted")<{ readonly by: Interruption }> {}

/** Made before each connection, as tokens expire. A failure is tried again like a lost connection. */
export type StreamToken = Effect.Effect<Redacted.Redacted, unknown>

/** The events in the order of the log, each once. Ends never: it fails, or its consumer leaves. */
export type Events = <const Name extends AnyName = EventName>(
  options?: EventsOptions<Name>
) => Stream.Stream<Event<Name>, EventsMissed | StreamRefused | ParseResult.ParseError>

interface Service {
  readonly baseUrl: string | URL
  readonly streamToken?: StreamToken | undefined
}

export const follow =
  (http: HttpClient.HttpClient, service: Service): Events =>
  <const Name extends AnyName = EventName>(options: EventsOptions<Name> = {}) =>
    Stream.suspend(() => {
      const reading = new Reading(options.after)
      const { onInterrupted = () => Effect.void } = options
      return connection(http, service, options, reading).pipe(
        Stream.tapError((error) =>
          error._tag === "Interrupted" ? onInterrupted(error.by) : Effect.void
        ),
        Stream.retry(again),
        // The schedule goes on for ever, so that no interruption comes this far.
        Stream.catchTag("Interrupted", (never) => Stream.die(never)),
        Stream.mapEffect(meaning(options)),
        Stream.filterMap((event) => event),
        // The service gives the events that are asked for.
        Stream.map((event) => event as Event<string> as Event<Name>)
      )
    })

const again = reconnect.pipe(
  Schedule.mapInput((error: StreamRefused | Interrupted) =>
    error._tag === "Interrupted" ? error.by : ended
  ),
  Schedule.whileInput((error) => error._tag === "Interrupted")
)

const decodeRecord = Schema.decodeUnknown(EventRecord)
const decodeChange = Schema.decodeUnknown(StatusChange)

/** The event, if it is one; anything else goes to the functions that want it. */
const meaning =
  ({ onMissed, onStatus }: EventsOptions) =>
  (
    heard: Heard
  ): Effect.Effect<Option.Option<EventRecord>, EventsMissed | ParseResult.ParseError> => {
    switch (heard._tag) {
      case "Event":
        return Effect.asSome(decodeRecord(heard.record))
      case "Status":
        return onStatus === undefined
          ? Effect.succeedNone
          : Effect.as(Effect.flatMap(decodeChange(heard.change), onStatus), Option.none())
      case "Missed": {
        const { after, cursor } = heard
        return onMissed === undefined
          ? Effect.fail(new EventsMissed({ after, cursor }))
          : Effect.as(onMissed({ after, cursor }), Option.none())
      }
      default:
        return Effect.succeedNone
    }
  }

/** One connection, from the reader's place on. Fails with the reason why it ended. */
const connection = (
  http: HttpClient.HttpClient,
  service: Service,
  options: EventsOptions,
  reading: Reading
): Stream.Stream<Heard, StreamRefused | Interrupted> =>
  Stream.suspend(() => {
    const hearing = new Hearing(reading)
    return requestOf(service, options, reading.cursor).pipe(
      Effect.flatMap((request) => http.execute(request)),
      Effect.catchAll((error) => interrupted({ reason: "failed", message: messageFrom(error) })),
      Effect.flatMap((response) => opened(response, reading.hasRead)),
      Effect.timeoutFail({
        duration: longestSilence,
        onTimeout: () => new Interrupted({ by: silent })
      }),
      Effect.map((response) =>
        Stream.mapError(
          response.stream,
          (error) => new Interrupted({ by: { reason: "failed", message: error.message } })
        )
      ),
      Stream.unwrap,
      Stream.timeoutFail(() => new Interrupted({ by: silent }), longestSilence),
      Stream.decodeText(),
      Stream.mapConcat((text) => hearing.take(text)),
      Stream.takeUntil((heard) => heard._tag === "Interrupted"),
      Stream.filter((heard) => heard._tag !== "Interrupted"),
      withoutEmptyChunks,
      Stream.concat(Stream.suspend(() => Stream.fail(new Interrupted({ by: hearing.end }))))
    )
  })

const interrupted = (by: Interruption) => Effect.fail(new Interrupted({ by }))

const messageFrom = (error: unknown): string =>
  error instanceof Error ? error.message : "The connection failed"

const requestOf = (
  { baseUrl, streamToken }: Service,
  { event, instance, server }: EventsOptions,
  cursor: number | undefined
) =>
  Effect.map(streamToken ?? Effect.succeed(undefined), (token) =>
    HttpClientRequest.get("/events/stream", { acceptJson: false }).pipe(
      HttpClientRequest.prependUrl(baseUrl.toString()),
      HttpClientRequest.accept("text/event-stream"),
      HttpClientRequest.setUrlParams({
        instance,
        server,
        event: event === undefined ? undefined : [event].flat().join(","),
        // As a parameter: another site's page may send no header of this name.
        after: cursor,
        token: token && Redacted.value(token)
      })
    )
  )

/** Lets a stream pass; any other answer is an interruption, or final. */
const opened = (
  response: HttpClientResponse.HttpClientResponse,
  hasRead: boolean
): Effect.Effect<HttpClientResponse.HttpClientResponse, StreamRefused | Interrupted> => {
  const { headers, status } = response
  if (status === 200 && headers["content-type"]?.startsWith("text/event-stream"))
    return Effect.succeed(response)
  const text = Effect.orElseSucceed(response.text, () => "")
  return Effect.flatMap(text, (words) => {
    const refusal = refusalOf(status, words, headers["retry-after"] ?? null)
    const { retryAfter } = refusal
    const by = { reason: "refused", message: messageOf(refusal), retryAfter } as const
    return Effect.fail(isFinal(refusal, hasRead) ? refused(refusal) : new Interrupted({ by }))
  })
}

const refused = (refusal: Refusal) =>
  new StreamRefused({
    status: refusal.status,
    error: refusal.error?._tag ?? null,
    message: messageOf(refusal)
  })
