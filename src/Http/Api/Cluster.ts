/** The replicas, and the Evolution servers that they own. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { ClusterState, NoHeir } from "../../Domain/ClusterState.ts"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import { ServerId } from "../../Domain/Server.ts"
import { Authorization } from "./Authorization.ts"
import { Forbidden, ServerNotFound } from "./Errors.ts"
import { status } from "./Parameters.ts"

export const Handover = Schema.Struct({
  server: ServerId,
  /** The replica that gets the server. */
  heir: Schema.UUID
}).annotations({ identifier: "Handover" })

export const cluster = HttpApiGroup.make("cluster")
  .add(
    HttpApiEndpoint.get("state", "/cluster")
      .addSuccess(ClusterState)
      .annotate(
        OpenApi.Summary,
        "List the replicas, and the Evolution servers with the replicas that own them"
      )
      .annotate(
        OpenApi.Description,
        "A key that is bound to servers sees those, and a key with any bounds sees no addresses of replicas."
      )
  )
  .add(
    HttpApiEndpoint.post(
      "handOver"
    )`/cluster/servers/${HttpApiSchema.param("id", ServerId)}/handover`
      .addSuccess(Handover, status(202))
      .addError(Forbidden, status(403))
      .addError(ServerNotFound, status(404))
      .addError(NoHeir, status(409))
      .annotate(OpenApi.Summary, "Give an Evolution server to another replica")
      .annotate(
        OpenApi.Description,
        "The heir listens before the owner stops, so no event is missed. `GET /cluster` shows when it owns the server."
      )
  )
  .addError(DatabaseUnavailable, status(503))
  .middleware(Authorization)
