/** Health checks and metrics, for the systems that watch the service. */
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
      .annotate(OpenApi.Summary, "Check that the writer works; 503 means that only a restart helps")
  )
  .add(
    HttpApiEndpoint.get("ready", "/health/ready")
      .addSuccess(Well)
      .addError(NotReady, status(503))
      .annotate(OpenApi.Summary, "Check that the database answers, has our schema and takes events")
  )

/** Prometheus' text format 0.0.4. */
const Exposition = HttpApiSchema.Text({ contentType: "text/plain; version=0.0.4; charset=utf-8" })

export const metrics = HttpApiGroup.make("metrics")
  .add(
    HttpApiEndpoint.get("metrics", "/metrics")
      .addSuccess(Exposition)
      .addError(Forbidden, status(403))
      .annotate(OpenApi.Summary, "Read all metrics, for Prometheus")
  )
  .middleware(Authorization)
