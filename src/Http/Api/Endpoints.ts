/** Endpoints: make, change, pause, rotate, and send by hand. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import {
  EndpointInFile,
  EndpointNameTaken,
  EndpointNotFound,
  EndpointRefused,
  TooManyEndpoints
} from "../../Domain/Endpoint.ts"
import { Authorization } from "./Authorization.ts"
import {
  DeliverWanted,
  EndpointPatch,
  EndpointView,
  EndpointWanted,
  EndpointWithSecret,
  ResumeWanted,
  RotateWanted,
  SentByHand
} from "./Endpoints/Bodies.ts"
import { EventNotFound, Forbidden, ServerNotFound } from "./Errors.ts"
import { status } from "./Parameters.ts"

export const id = HttpApiSchema.param("id", Schema.UUID)

export const endpoints = HttpApiGroup.make("endpoints")
  .add(
    HttpApiEndpoint.post("create", "/endpoints")
      .setPayload(EndpointWanted)
      .addSuccess(EndpointWithSecret, status(201))
      .addError(EndpointRefused, status(400))
      .addError(ServerNotFound, status(404))
      .addError(EndpointNameTaken, status(409))
      .addError(TooManyEndpoints, status(409))
      .annotate(OpenApi.Summary, "Create an endpoint; only this answer contains its signing secret")
      .annotate(
        OpenApi.Description,
        "Webhooks need the scope `operate`. Brokers, and headers that refer to variables of this service, need an `admin` key without bounds. An endpoint that a bound key makes gets no events outside these bounds."
      )
  )
  .add(
    HttpApiEndpoint.get("list", "/endpoints")
      .addSuccess(Schema.Array(EndpointView))
      .annotate(
        OpenApi.Summary,
        "List the endpoints with their states, oldest first, as far as the key may see all of their instances"
      )
  )
  .add(
    HttpApiEndpoint.get("get")`/endpoints/${id}`
      .addSuccess(EndpointView)
      .addError(EndpointNotFound, status(404))
      .annotate(OpenApi.Summary, "Read an endpoint and how far it has come")
  )
  .add(
    HttpApiEndpoint.patch("update")`/endpoints/${id}`
      .setPayload(EndpointPatch)
      .addSuccess(EndpointView)
      .addError(EndpointRefused, status(400))
      .addError(EndpointNotFound, status(404))
      .addError(ServerNotFound, status(404))
      .addError(EndpointInFile, status(409))
      .addError(EndpointNameTaken, status(409))
      .annotate(OpenApi.Summary, "Change settings of an endpoint; `null` takes a field out")
      .annotate(
        OpenApi.Description,
        "JSON Merge Patch (RFC 7396): what the body leaves out stays, secrets among it. The target and its headers are merged, everything else is replaced as a whole."
      )
  )
  .add(
    HttpApiEndpoint.del("remove")`/endpoints/${id}`
      .addSuccess(HttpApiSchema.NoContent)
      .addError(EndpointNotFound, status(404))
      .addError(EndpointInFile, status(409))
      .annotate(OpenApi.Summary, "Delete an endpoint with its cursors, replays and attempts")
  )
  .add(
    HttpApiEndpoint.post("pause")`/endpoints/${id}/pause`
      .addSuccess(EndpointView)
      .addError(EndpointNotFound, status(404))
      .annotate(OpenApi.Summary, "Deliver nothing until the endpoint is resumed; its events wait")
  )
  .add(
    HttpApiEndpoint.post("resume")`/endpoints/${id}/resume`
      .setPayload(ResumeWanted)
      .addSuccess(EndpointView)
      .addError(EndpointNotFound, status(404))
      .annotate(
        OpenApi.Summary,
        "Deliver again to an endpoint that was paused or disabled: from where it was, from now, or from a time"
      )
  )
  .add(
    HttpApiEndpoint.post("rotate")`/endpoints/${id}/rotate`
      .setPayload(RotateWanted)
      .addSuccess(EndpointWithSecret)
      .addError(EndpointRefused, status(400))
      .addError(EndpointNotFound, status(404))
      .annotate(
        OpenApi.Summary,
        "Make a new signing secret, which only this answer contains; the old one stays good for 24 hours"
      )
  )
  .add(
    HttpApiEndpoint.post("test")`/endpoints/${id}/test`
      .addSuccess(SentByHand)
      .addError(EndpointNotFound, status(404))
      .annotate(OpenApi.Summary, "Send a test message now, in the way of all deliveries")
  )
  .add(
    HttpApiEndpoint.post("deliver")`/endpoints/${id}/deliver`
      .setPayload(DeliverWanted)
      .addSuccess(SentByHand)
      .addError(EndpointNotFound, status(404))
      .addError(EventNotFound, status(404))
      .annotate(OpenApi.Summary, "Send one event of the log now, beside the lanes")
  )
  .addError(Forbidden, status(403))
  .addError(DatabaseUnavailable, status(503))
  .middleware(Authorization)
