/** Routes merged and served: the API, its description at `/openapi.json`, its docs at `/docs`. */
import { createServer } from "node:http"
import { HttpApiSwagger, HttpLayerRouter } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import * as AppConfig from "./AppConfig.ts"
import { Api } from "./Http/Api.ts"
import * as Auth from "./Http/Auth.ts"
import * as Edge from "./Http/Edge.ts"
import * as Handlers from "./Http/Handlers.ts"

const routes = Layer.mergeAll(
  HttpLayerRouter.addHttpApi(Api, { openapiPath: "/openapi.json" }).pipe(
    Layer.provide([Handlers.instances, Handlers.events, Handlers.health]),
    Layer.provide(Auth.layer)
  ),
  HttpApiSwagger.layerHttpLayerRouter({ api: Api, path: "/docs" }),
  Edge.layer
)

/** How long answers under way may take when the service stops; then their connections are cut. */
const drainMillis = 500

/** The server, on `HOST` and `PORT`. Closing waits for answers under way, within bounds. */
const server = Layer.unwrapEffect(
  Effect.map(AppConfig.Http, ({ host, port }) => {
    const node = createServer()
    const deadline = Layer.scopedDiscard(
      Effect.addFinalizer(() =>
        Effect.sync(() => {
          const timer = setTimeout(() => node.closeAllConnections(), drainMillis)
          node.once("close", () => clearTimeout(timer))
        })
      )
    )
    return Layer.provideMerge(
      deadline,
      NodeHttpServer.layer(() => node, { host, port })
    )
  })
)

export const layer = HttpLayerRouter.serve(routes, { disableLogger: true }).pipe(
  Layer.provide(server)
)
