/** The HTTP API's shape and every status number in it. Client, docs and handlers follow from here. */
import {
  HttpApi,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSchema,
  HttpApiSecurity,
  OpenApi
} from "@effect/platform"
import { Schema } from "effect"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { EventRecord } from "../Domain/Event.ts"
import {
  EvolutionRefused,
  EvolutionUnavailable,
  InstanceExists,
  InstanceNotFound,
  KeyRefused,
  LicenseRequired
} from "../Domain/EvolutionError.ts"
import { Gap } from "../Domain/Gap.ts"
import { InstanceName, Qr } from "../Domain/Instance.ts"
import { InstanceStatus, QrNotAvailable } from "../Domain/Status.ts"

/** The caller's key is missing or not ours. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  message: Schema.String
}) {}

/**
 * Who may call.
 *
 * @effect-expect-leaking HttpServerRequest | ParsedSearchParams | RouteContext
 */
export class Authorization extends HttpApiMiddleware.Tag<Authorization>()(
  "evolution-listener/Authorization",
  {
    failure: Unauthorized.annotations(HttpApiSchema.annotations({ status: 401 })),
    security: {
      apikey: HttpApiSecurity.apiKey({ key: "apikey", in: "header" }),
      bearer: HttpApiSecurity.bearer
    }
  }
) {}

export class RouteNotFound extends Schema.TaggedError<RouteNotFound>()("RouteNotFound", {
  message: Schema.String
}) {}

export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", {
  message: Schema.String,
  maxBytes: Schema.Int
}) {}

export class MalformedRequest extends Schema.TaggedError<MalformedRequest>()("MalformedRequest", {
  message: Schema.String
}) {}

export class InternalError extends Schema.TaggedError<InternalError>()("InternalError", {
  message: Schema.String
}) {}

const Digits = Schema.String.pipe(
  Schema.pattern(/^\d{5,20}$/, {
    message: () => "A number has 5 to 20 digits, country code first, no +"
  })
)

/** What `POST /instances` takes. */
export const CreateInstance = Schema.Struct({
  name: InstanceName,
  integration: Schema.optionalWith(
    Schema.Literal("WHATSAPP-BAILEYS", "WHATSAPP-BUSINESS", "EVOLUTION"),
    { default: () => "WHATSAPP-BAILEYS" as const }
  ),
  /** The phone's number; brings a pairing code beside the QR code. */
  number: Schema.optional(Digits),
  /** The instance's own API key at Evolution; random when absent. */
  token: Schema.optional(Schema.Redacted(Schema.NonEmptyString.pipe(Schema.maxLength(200))))
}).annotations({ identifier: "CreateInstance", parseOptions: { onExcessProperty: "error" } })

const Cursor = Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative())

export const EventsQuery = Schema.Struct({
  instance: Schema.optional(InstanceName),
  /** In either of Evolution's forms: `qrcode.updated` or `QRCODE_UPDATED`. */
  event: Schema.optional(
    Schema.String.pipe(
      Schema.pattern(/^[\w.-]{1,100}$/, { message: () => "An event's name, e.g. messages.upsert" })
    )
  ),
  /** Only events with a higher id. */
  after: Schema.optional(Cursor),
  limit: Schema.optional(Cursor.pipe(Schema.between(1, 1000)))
})

const { after, event, instance } = EventsQuery.fields

/** Where a reader left off; a browser sends it by itself when it reconnects, and it outranks `after`. */
const ResumeHeaders = Schema.Struct({ "last-event-id": Schema.optional(Cursor) })

/** Server-sent events: `hello`, then the log (unnamed events, with ids), `status`, at last `bye`. */
const EventStream = HttpApiSchema.Text({ contentType: "text/event-stream" })

export const EventsPage = Schema.Struct({
  events: Schema.Array(EventRecord),
  /** What to pass as `after` for the next page; the same as given when there is nothing newer. */
  next: Schema.Int
})

export const GapsQuery = Schema.Struct({
  limit: Schema.optional(Cursor.pipe(Schema.between(1, 1000)))
})

const name = HttpApiSchema.param("name", InstanceName)
const status = (code: number) => ({ status: code })

const instances = HttpApiGroup.make("instances")
  .add(
    HttpApiEndpoint.post("create", "/instances")
      .setPayload(CreateInstance)
      .addSuccess(InstanceStatus, status(201))
      .annotate(OpenApi.Summary, "Create an instance at Evolution and listen to it")
  )
  .add(
    HttpApiEndpoint.get("list", "/instances")
      .addSuccess(Schema.Array(InstanceStatus))
      .annotate(OpenApi.Summary, "The status of every instance, by name")
  )
  .add(
    HttpApiEndpoint.get("get")`/instances/${name}`
      .addSuccess(InstanceStatus)
      .annotate(OpenApi.Summary, "One instance; the same as its status")
  )
  .add(
    HttpApiEndpoint.del("remove")`/instances/${name}`
      .addSuccess(HttpApiSchema.NoContent)
      .annotate(OpenApi.Summary, "Delete an instance at Evolution and forget it; its events stay")
  )
  .add(
    HttpApiEndpoint.post("start")`/instances/${name}/start`
      .addSuccess(InstanceStatus, status(202))
      .annotate(OpenApi.Summary, "Listen to an instance from now on, across restarts")
  )
  .add(
    HttpApiEndpoint.post("stop")`/instances/${name}/stop`
      .addSuccess(InstanceStatus, status(202))
      .annotate(OpenApi.Summary, "Listen no more, until started again")
  )
  .add(
    HttpApiEndpoint.post("restart")`/instances/${name}/restart`
      .addSuccess(InstanceStatus, status(202))
      .annotate(OpenApi.Summary, "Go over to a fresh link, or dial at once")
  )
  .add(
    HttpApiEndpoint.get("status")`/instances/${name}/status`
      .addSuccess(InstanceStatus)
      .annotate(OpenApi.Summary, "What is wanted, our link, WhatsApp's word, and what to do")
  )
  .add(
    HttpApiEndpoint.get("gaps")`/instances/${name}/gaps`
      .setUrlParams(GapsQuery)
      .addSuccess(Schema.Struct({ gaps: Schema.Array(Gap) }))
      .annotate(OpenApi.Summary, "When we did not hear, and what was fetched again; newest first")
  )
  .add(
    HttpApiEndpoint.get("qrcode")`/instances/${name}/qrcode`
      .addSuccess(Qr)
      .addError(QrNotAvailable, status(404))
      .annotate(OpenApi.Summary, "The QR code to scan now, without asking Evolution for one")
  )
  .addError(InstanceNotFound, status(404))
  .addError(InstanceExists, status(409))
  .addError(EvolutionRefused, status(400))
  .addError(EvolutionUnavailable, status(502))
  .addError(KeyRefused, status(502))
  .addError(LicenseRequired, status(503))
  .addError(DatabaseUnavailable, status(503))
  .middleware(Authorization)

const events = HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("read", "/events")
      .setUrlParams(EventsQuery)
      .addSuccess(EventsPage)
      .annotate(OpenApi.Summary, "The log, oldest first, a page at a time")
  )
  .addError(DatabaseUnavailable, status(503))
  .middleware(Authorization)

const live = HttpApiGroup.make("live")
  .add(
    HttpApiEndpoint.get("all", "/events/stream")
      .setUrlParams(Schema.Struct({ after, event, instance }))
      .setHeaders(ResumeHeaders)
      .addSuccess(EventStream)
      .annotate(OpenApi.Summary, "The log as it grows, as server-sent events")
  )
  .add(
    HttpApiEndpoint.get("one")`/instances/${name}/events/stream`
      .setUrlParams(Schema.Struct({ after, event }))
      .setHeaders(ResumeHeaders)
      .addSuccess(EventStream)
      .annotate(OpenApi.Summary, "The same of one instance")
  )
  .middleware(Authorization)

const Health = Schema.Struct({ status: Schema.Literal("ok") })

const health = HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("live", "/health/live")
      .addSuccess(Health)
      .annotate(OpenApi.Summary, "The process answers")
  )
  .add(
    HttpApiEndpoint.get("ready", "/health/ready")
      .addSuccess(Health)
      .addError(DatabaseUnavailable, status(503))
      .annotate(OpenApi.Summary, "The database takes what is heard")
  )

export class Api extends HttpApi.make("evolution-listener")
  .add(instances)
  .add(events)
  .add(live)
  .add(health)
  .annotate(OpenApi.Title, "evolution-listener")
  .annotate(OpenApi.Version, "0.1.0")
  .annotate(
    OpenApi.Description,
    "Memory and nervous system for Evolution API: supervised listeners, QR codes, and every event in Postgres."
  ) {}
