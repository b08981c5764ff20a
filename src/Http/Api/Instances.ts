/** Instances: create, delete, start, stop, and read their status. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import * as CreateSettings from "../../Domain/CreateSettings.ts"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import {
  EvolutionRefused,
  EvolutionUnavailable,
  InstanceExists,
  InstanceNotFound,
  KeyRefused,
  LicenseRequired,
  NameImpossible
} from "../../Domain/EvolutionError.ts"
import { Gap } from "../../Domain/Gap.ts"
import { InstanceName } from "../../Domain/Instance.ts"
import { InstanceStatus } from "../../Domain/Status.ts"
import { Timeline } from "../../Domain/Timeline.ts"
import { Authorization } from "./Authorization.ts"
import {
  Forbidden,
  GapNotFound,
  ImportRunning,
  OutcomeUnknown,
  ServerAmbiguous,
  ServerNotFound,
  ServerUnowned
} from "./Errors.ts"
import { Count, Digits, name, OfServer, server, status } from "./Parameters.ts"

/** Evolution judges them, and its words are the answer. Any other field is refused: it may be a mistake in writing. */
const passedOn = Object.fromEntries(
  CreateSettings.names.map((field) => [field, Schema.optional(Schema.Unknown)])
) as Record<CreateSettings.Name, Schema.optional<typeof Schema.Unknown>> // `fromEntries` forgets the names

/** The body of `POST /instances`. */
export const CreateInstance = Schema.Struct({
  name: InstanceName,
  /** `WHATSAPP-BAILEYS` if absent. */
  integration: Schema.optional(
    Schema.Literal("WHATSAPP-BAILEYS", "WHATSAPP-BUSINESS", "EVOLUTION")
  ),
  /**
   * The number of the phone. Evolution then gives a pairing code beside the QR code. For `WHATSAPP-BUSINESS`
   * the id of the phone number at Meta.
   */
  number: Schema.optional(Digits),
  /** The API key of the instance at Evolution, random if absent; for `WHATSAPP-BUSINESS` Meta's token. */
  token: Schema.optional(Schema.Redacted(Schema.NonEmptyString)),
  ...passedOn
}).annotations({ identifier: "CreateInstance", parseOptions: { onExcessProperty: "error" } })

export const GapsQuery = Schema.Struct({
  server,
  limit: Schema.optional(Count.pipe(Schema.between(1, 1000)))
})

/** The body of `POST /instances/:name/import`. */
export const ImportWanted = Schema.Struct({
  /** Messages sent from this time on, by WhatsApp's clock. */
  from: Schema.DateTimeUtc,
  /** Messages sent until this time; until now if absent. */
  to: Schema.optional(Schema.DateTimeUtc),
  /** The most messages to add; `BACKFILL_LIMIT` if absent. */
  limit: Schema.optional(Schema.Int.pipe(Schema.between(1, 10_000_000)))
}).annotations({ identifier: "ImportWanted", parseOptions: { onExcessProperty: "error" } })

export const RemoveQuery = Schema.Struct({
  server,
  /** Also erases the events, quarantined events and gaps of the instance. */
  purge: Schema.optional(Schema.BooleanFromString)
})

/** At most a week, which is as much as a picture can show. */
export const TimelineQuery = Schema.Struct({
  server,
  hours: Schema.optional(Count.pipe(Schema.between(1, 168)))
})

/** With its status at each member: Effect's client and the description read it there, and not off a union. */
const AcceptedGap = Schema.Union(
  ...Gap.members.map((member: Schema.Schema.Any) =>
    member.annotations(HttpApiSchema.annotations(status(202)))
  )
) as unknown as typeof Gap // the same members

export const instances = HttpApiGroup.make("instances")
  .add(
    HttpApiEndpoint.post("create", "/instances")
      .setUrlParams(OfServer)
      .setPayload(CreateInstance)
      .addSuccess(InstanceStatus, status(201))
      .annotate(OpenApi.Summary, "Create an instance at Evolution and listen to it")
  )
  .add(
    HttpApiEndpoint.get("list", "/instances")
      .setUrlParams(OfServer)
      .addSuccess(Schema.Array(InstanceStatus))
      .annotate(OpenApi.Summary, "List the status of every instance, sorted by name")
  )
  .add(
    HttpApiEndpoint.get("get")`/instances/${name}`
      .setUrlParams(OfServer)
      .addSuccess(InstanceStatus)
      .annotate(OpenApi.Summary, "Read the status of one instance; the same as /status")
  )
  .add(
    HttpApiEndpoint.del("remove")`/instances/${name}`
      .setUrlParams(RemoveQuery)
      .addSuccess(HttpApiSchema.NoContent)
      .annotate(
        OpenApi.Summary,
        "Delete an instance at Evolution and stop listening; its events stay unless purge=true"
      )
  )
  .add(
    HttpApiEndpoint.post("start")`/instances/${name}/start`
      .setUrlParams(OfServer)
      .addSuccess(InstanceStatus, status(202))
      .annotate(
        OpenApi.Summary,
        "Listen to an instance from now on, also after restarts of the service"
      )
  )
  .add(
    HttpApiEndpoint.post("stop")`/instances/${name}/stop`
      .setUrlParams(OfServer)
      .addSuccess(InstanceStatus, status(202))
      .annotate(OpenApi.Summary, "Stop listening to an instance until it is started again")
  )
  .add(
    HttpApiEndpoint.post("restart")`/instances/${name}/restart`
      .setUrlParams(OfServer)
      .addSuccess(InstanceStatus, status(202))
      .annotate(
        OpenApi.Summary,
        "Replace the link of an instance by a fresh one, or dial at once if there is none"
      )
  )
  .add(
    HttpApiEndpoint.get("status")`/instances/${name}/status`
      .setUrlParams(OfServer)
      .addSuccess(InstanceStatus)
      .annotate(
        OpenApi.Summary,
        "Read the desired state, our link, WhatsApp's state, and what a person has to do"
      )
  )
  .add(
    HttpApiEndpoint.get("gaps")`/instances/${name}/gaps`
      .setUrlParams(GapsQuery)
      .addSuccess(Schema.Struct({ gaps: Schema.Array(Gap) }))
      .annotate(
        OpenApi.Summary,
        "List the times without a link and what was recovered of them, newest first"
      )
  )
  .add(
    HttpApiEndpoint.post(
      "retryGap"
    )`/instances/${name}/gaps/${HttpApiSchema.param("id", Schema.UUID)}/retry`
      .setUrlParams(OfServer)
      .addSuccess(AcceptedGap)
      .addError(GapNotFound, status(404))
      .annotate(
        OpenApi.Summary,
        "Take the verdict on a gap back and fetch its messages again; an open gap stays as it is"
      )
  )
  .add(
    HttpApiEndpoint.post("import")`/instances/${name}/import`
      .setUrlParams(OfServer)
      .setPayload(ImportWanted)
      .addSuccess(AcceptedGap)
      .addError(ImportRunning, status(409))
      .annotate(
        OpenApi.Summary,
        "Fetch messages that Evolution stored before into the log; progress is in /gaps"
      )
  )
  .add(
    HttpApiEndpoint.get("timeline")`/instances/${name}/timeline`
      .setUrlParams(TimelineQuery)
      .addSuccess(Timeline)
      .annotate(
        OpenApi.Summary,
        "Read the changes of the link and of WhatsApp's state, and the gaps"
      )
  )
  .addError(Forbidden, status(403))
  .addError(InstanceNotFound, status(404))
  .addError(ServerNotFound, status(404))
  .addError(InstanceExists, status(409))
  .addError(ServerAmbiguous, status(409))
  .addError(ServerUnowned, status(503))
  .addError(EvolutionRefused, status(400))
  .addError(NameImpossible, status(422))
  .addError(EvolutionUnavailable, status(502))
  .addError(KeyRefused, status(502))
  .addError(OutcomeUnknown, status(502))
  .addError(LicenseRequired, status(503))
  .addError(DatabaseUnavailable, status(503))
  .middleware(Authorization)
