/** Deliveries of an endpoint: lanes, attempts, what was put aside, and replays. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import {
  Attempt,
  EndpointNotFound,
  EndpointRefused,
  Lane,
  Replay,
  ReplayNotFound,
  Undelivered
} from "../../Domain/Endpoint.ts"
import { Authorization } from "./Authorization.ts"
import { Counted, ReplayWanted, RetryWanted } from "./Endpoints/Bodies.ts"
import { id } from "./Endpoints.ts"
import { Forbidden } from "./Errors.ts"
import { Count, status } from "./Parameters.ts"

const limit = Schema.optional(Count.pipe(Schema.between(1, 1000)))

const PageQuery = Schema.Struct({
  /** Only rows with a lower id, or cursor. */
  before: Schema.optional(Count),
  limit
})

const event = HttpApiSchema.param("event", Count)

export const deliveries = HttpApiGroup.make("deliveries")
  .add(
    HttpApiEndpoint.get("lanes")`/endpoints/${id}/lanes`
      .setUrlParams(Schema.Struct({ limit }))
      .addSuccess(Schema.Struct({ lanes: Schema.Array(Lane) }))
      .annotate(OpenApi.Summary, "List the lanes of an endpoint, failing ones first")
  )
  .add(
    HttpApiEndpoint.get("attempts")`/endpoints/${id}/attempts`
      .setUrlParams(PageQuery)
      .addSuccess(Schema.Struct({ attempts: Schema.Array(Attempt) }))
      .annotate(
        OpenApi.Summary,
        "List the attempts that failed, and those that ended failures, newest first; kept for 7 days, the last 1 000"
      )
  )
  .add(
    HttpApiEndpoint.get("undelivered")`/endpoints/${id}/undelivered`
      .setUrlParams(PageQuery)
      .addSuccess(Schema.Struct({ undelivered: Schema.Array(Undelivered) }))
      .annotate(OpenApi.Summary, "List the events that were put aside, newest first")
  )
  .add(
    HttpApiEndpoint.post("retry")`/endpoints/${id}/undelivered/retry`
      .setPayload(RetryWanted)
      .addSuccess(Counted, status(202))
      .annotate(OpenApi.Summary, "Send one event that was put aside again, or all of them")
  )
  .add(
    HttpApiEndpoint.del("forgetAll")`/endpoints/${id}/undelivered`
      .addSuccess(Counted)
      .annotate(OpenApi.Summary, "Forget all events that were put aside; they stay in the log")
  )
  .add(
    HttpApiEndpoint.del("forget")`/endpoints/${id}/undelivered/${event}`
      .addSuccess(Counted)
      .annotate(OpenApi.Summary, "Forget one event that was put aside; it stays in the log")
  )
  .add(
    HttpApiEndpoint.post("replay")`/endpoints/${id}/replay`
      .setPayload(ReplayWanted)
      .addSuccess(Replay, status(201))
      .addError(EndpointRefused, status(400))
      .annotate(
        OpenApi.Summary,
        "Send the events of a stretch of the log once more, beside the events of now"
      )
  )
  .add(
    HttpApiEndpoint.get("replays")`/endpoints/${id}/replays`
      .addSuccess(Schema.Array(Replay))
      .annotate(OpenApi.Summary, "List the last hundred replays of an endpoint, newest first")
  )
  .add(
    HttpApiEndpoint.del(
      "cancel"
    )`/endpoints/${id}/replays/${HttpApiSchema.param("replay", Schema.UUID)}`
      .addSuccess(Replay)
      .addError(ReplayNotFound, status(404))
      .annotate(OpenApi.Summary, "End a replay; what it has sent stays sent")
  )
  .addError(EndpointNotFound, status(404))
  .addError(Forbidden, status(403))
  .addError(DatabaseUnavailable, status(503))
  .middleware(Authorization)
