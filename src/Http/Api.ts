/** The shape of the HTTP API and every status number in it. Client, docs and handlers derive from it. */
import { HttpApi, OpenApi } from "@effect/platform"
import { version } from "../Domain/Version.ts"
import { cluster } from "./Api/Cluster.ts"
import { deliveries } from "./Api/Deliveries.ts"
import { describe } from "./Api/Description.ts"
import { endpoints } from "./Api/Endpoints.ts"
import { events, live, streamTokens } from "./Api/Events.ts"
import { health, metrics } from "./Api/Health.ts"
import { instances } from "./Api/Instances.ts"
import { keys } from "./Api/Keys.ts"
import { pairing, pairingPage } from "./Api/Pairing.ts"
import { session } from "./Api/Session.ts"
import { summary } from "./Api/Summary.ts"

export * from "./Api/Authorization.ts"
export * from "./Api/Errors.ts"
export { KeyWanted } from "./Api/Keys.ts"

export class Api extends HttpApi.make("evolution-listener")
  .add(instances)
  .add(pairing)
  .add(events)
  .add(streamTokens)
  .add(live)
  .add(pairingPage)
  .add(session)
  .add(keys)
  .add(endpoints)
  .add(deliveries)
  .add(summary)
  .add(cluster)
  .add(health)
  .add(metrics)
  .annotate(OpenApi.Transform, describe)
  .annotate(OpenApi.Title, "evolution-listener")
  .annotate(OpenApi.Version, version)
  // Relative to the description, which a proxy may serve below any path.
  .annotate(OpenApi.Servers, [{ url: "." }])
  .annotate(
    OpenApi.Description,
    "Memory and nervous system for Evolution API: supervised listeners, QR codes, and every event in Postgres."
  ) {}
