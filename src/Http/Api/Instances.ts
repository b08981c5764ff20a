/** Instances: created, deleted, listened to, looked at. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import {
  EvolutionRefused,
  EvolutionUnavailable,
  InstanceExists,
  InstanceNotFound,
  KeyRefused,
  LicenseRequired
} from "../../Domain/EvolutionError.ts"
import { Gap } from "../../Domain/Gap.ts"
import { InstanceName } from "../../Domain/Instance.ts"
import { InstanceStatus } from "../../Domain/Status.ts"
import { Timeline } from "../../Domain/Timeline.ts"
import { Authorization } from "./Authorization.ts"
import { Forbidden } from "./Errors.ts"
import { Count, Digits, name, status } from "./Parameters.ts"

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

export const GapsQuery = Schema.Struct({
  limit: Schema.optional(Count.pipe(Schema.between(1, 1000)))
})

export const RemoveQuery = Schema.Struct({
  /** Erases its events, quarantined events and gaps, too. */
  purge: Schema.optional(Schema.BooleanFromString)
})

/** At most a week: a timeline is a picture. */
export const TimelineQuery = Schema.Struct({
  hours: Schema.optional(Count.pipe(Schema.between(1, 168)))
})

export const instances = HttpApiGroup.make("instances")
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
      .setUrlParams(RemoveQuery)
      .addSuccess(HttpApiSchema.NoContent)
      .annotate(
        OpenApi.Summary,
        "Delete an instance at Evolution and forget it; its events stay, or are erased"
      )
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
    HttpApiEndpoint.get("timeline")`/instances/${name}/timeline`
      .setUrlParams(TimelineQuery)
      .addSuccess(Timeline)
      .annotate(OpenApi.Summary, "What became of the link and of WhatsApp's state, and the gaps")
  )
  .addError(Forbidden, status(403))
  .addError(InstanceNotFound, status(404))
  .addError(InstanceExists, status(409))
  .addError(EvolutionRefused, status(400))
  .addError(EvolutionUnavailable, status(502))
  .addError(KeyRefused, status(502))
  .addError(LicenseRequired, status(503))
  .addError(DatabaseUnavailable, status(503))
  .middleware(Authorization)
