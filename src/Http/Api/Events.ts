/** The log of events, as pages and as a stream. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import { EventRecord } from "../../Domain/Event.ts"
import { toWireName } from "../../Domain/EventName.ts"
import { InstanceName } from "../../Domain/Instance.ts"
import { Authorization, StreamAuthorization } from "./Authorization.ts"
import { anyEvent, anyStream } from "./Description.ts"
import { ServerAmbiguous, ServerNotFound } from "./Errors.ts"
import { Count, name, server, status } from "./Parameters.ts"

/** Up to 32 event names in either of Evolution's forms, `qrcode.updated` or `QRCODE_UPDATED`, with commas between. */
export const EventNames = Schema.transform(
  Schema.String.pipe(
    Schema.pattern(/^[\w.-]{1,100}(,[\w.-]{1,100}){0,31}$/, {
      message: () => "Names of events, e.g. messages.upsert or messages.upsert,call"
    })
  ),
  Schema.Array(Schema.String),
  {
    strict: true,
    decode: (names) => names.split(",").map(toWireName),
    encode: (names) => names.join(",")
  }
)

export const EventsQuery = Schema.Struct({
  instance: Schema.optional(InstanceName),
  server,
  event: Schema.optional(EventNames),
  /** Only events with a higher id. */
  after: Schema.optional(Count),
  limit: Schema.optional(Count.pipe(Schema.between(1, 1000)))
})

const { after, event, instance } = EventsQuery.fields

/** `false`: events of the log alone, for a reader that does not look at the names of frames. */
const notes = Schema.optional(Schema.BooleanFromString)

/** The cursor of a reader that reconnects; browsers send it by themselves. It outranks `after`. */
const ResumeHeaders = Schema.Struct({ "last-event-id": Schema.optional(Count) })

/** Server-sent events: `hello`, then events of the log (unnamed, with ids) and `status`, at last `bye`. */
const EventStream = HttpApiSchema.Text({ contentType: "text/event-stream" }).annotations({
  description: "Server-sent events",
  jsonSchema: anyStream
})

/** In the description its data is typed by its name; here it is any JSON. */
const DescribedEvent = EventRecord.annotations({ identifier: "EventRecord", jsonSchema: anyEvent })

export const EventsPage = Schema.Struct({
  events: Schema.Array(DescribedEvent),
  /** The `after` of the next page; the same as in the request if there are no newer events. */
  next: Schema.Int,
  /** False if events after `after`, of the instances asked for, were purged. */
  recovered: Schema.Boolean
})

export const events = HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("read", "/events")
      .setUrlParams(EventsQuery)
      .addSuccess(EventsPage)
      .annotate(OpenApi.Summary, "Read a page of the log, oldest events first")
  )
  .addError(ServerNotFound, status(404))
  .addError(ServerAmbiguous, status(409))
  .addError(DatabaseUnavailable, status(503))
  .middleware(Authorization)

/** In seconds. */
export const tokenLifetime = { shortest: 30, usual: 5 * 60, longest: 60 * 60 }

export const StreamTokenWanted = Schema.Struct({
  /** Seconds in which a stream may be opened, or opened again; 5 minutes if absent. */
  ttl: Schema.optional(
    Schema.Int.pipe(Schema.between(tokenLifetime.shortest, tokenLifetime.longest))
  )
}).annotations({ identifier: "StreamTokenWanted", parseOptions: { onExcessProperty: "error" } })

export const StreamToken = Schema.Struct({
  /** Goes into the address of a stream as `?token=…`. */
  token: Schema.String,
  expiresAt: Schema.DateTimeUtc
}).annotations({ identifier: "StreamToken" })

export const streamTokens = HttpApiGroup.make("streamTokens")
  .add(
    HttpApiEndpoint.post("make", "/stream-tokens")
      .setPayload(StreamTokenWanted)
      .addSuccess(StreamToken, status(201))
      .annotate(
        OpenApi.Summary,
        "Make a token with which a browser's EventSource streams what this key may see"
      )
  )
  .middleware(Authorization)

export const live = HttpApiGroup.make("live")
  .add(
    HttpApiEndpoint.get("all", "/events/stream")
      .setUrlParams(Schema.Struct({ after, event, instance, notes, server }))
      .setHeaders(ResumeHeaders)
      .addSuccess(EventStream)
      .annotate(OpenApi.Summary, "Stream the log as it grows, as server-sent events")
  )
  .add(
    HttpApiEndpoint.get("one")`/instances/${name}/events/stream`
      .setUrlParams(Schema.Struct({ after, event, notes, server }))
      .setHeaders(ResumeHeaders)
      .addSuccess(EventStream)
      .annotate(OpenApi.Summary, "Stream the events of one instance")
  )
  .addError(ServerNotFound, status(404))
  .addError(ServerAmbiguous, status(409))
  .middleware(StreamAuthorization)
