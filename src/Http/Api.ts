/** The HTTP API's shape and every status number in it. Client, docs and handlers follow from here. */
import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { events, live } from "./Api/Events.ts"
import { instances } from "./Api/Instances.ts"
import { keys } from "./Api/Keys.ts"
import { pairing, pairingPage } from "./Api/Pairing.ts"
import { status } from "./Api/Parameters.ts"
import { session } from "./Api/Session.ts"

export * from "./Api/Authorization.ts"
export * from "./Api/Errors.ts"

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
  .add(pairing)
  .add(events)
  .add(live)
  .add(pairingPage)
  .add(session)
  .add(keys)
  .add(health)
  .annotate(OpenApi.Title, "evolution-listener")
  .annotate(OpenApi.Version, "0.1.0")
  .annotate(
    OpenApi.Description,
    "Memory and nervous system for Evolution API: supervised listeners, QR codes, and every event in Postgres."
  ) {}
