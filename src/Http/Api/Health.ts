/** For whoever watches over the service: whether it is well, and what it counts. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { NotLive, NotReady } from "../../Domain/Health.ts"
import { Authorization } from "./Authorization.ts"
import { Forbidden } from "./Errors.ts"
import { status } from "./Parameters.ts"

const Well = Schema.Struct({ status: Schema.Literal("ok") })

export const health = HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("live", "/health/live")
      .addSuccess(Well)
      .addError(NotLive, status(503))
      .annotate(
        OpenApi.Summary,
        "The event loop turns and the writer works; else only a restart helps"
      )
  )
  .add(
    HttpApiEndpoint.get("ready", "/health/ready")
      .addSuccess(Well)
      .addError(NotReady, status(503))
      .annotate(OpenApi.Summary, "The database answers, takes what is heard, and has our schema")
  )

/** Prometheus' text format. */
const Exposition = HttpApiSchema.Text({ contentType: "text/plain; version=0.0.4; charset=utf-8" })

export const metrics = HttpApiGroup.make("metrics")
  .add(
    HttpApiEndpoint.get("metrics", "/metrics")
      .addSuccess(Exposition)
      .addError(Forbidden, status(403))
      .annotate(OpenApi.Summary, "What the service counts, for Prometheus")
  )
  .middleware(Authorization)
