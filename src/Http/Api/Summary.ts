/** The service at one glance. */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Summary } from "../../Domain/Summary.ts"
import { Authorization } from "./Authorization.ts"
import { ServerNotFound, ServerUnowned } from "./Errors.ts"
import { OfServer, status } from "./Parameters.ts"

export const summary = HttpApiGroup.make("summary")
  .add(
    HttpApiEndpoint.get("summary", "/summary")
      .setUrlParams(OfServer)
      .addSuccess(Summary)
      .addError(ServerNotFound, status(404))
      .addError(ServerUnowned, status(503))
      .annotate(
        OpenApi.Summary,
        "Read what is the case with Evolution, what to do, and the instances by their states"
      )
  )
  .middleware(Authorization)
