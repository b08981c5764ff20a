/** The API's description at `/openapi.json`, and its docs at `/docs`. A start does not wait until they are made. */
import { HttpApiSwagger, HttpLayerRouter, HttpServerResponse, OpenApi } from "@effect/platform"
import { Effect, Layer, Scope } from "effect"
import { Api } from "./Api.ts"

const description = Effect.sync(() => HttpServerResponse.unsafeJson(OpenApi.fromApi(Api)))

/**
 * Serves the page at whatever path it is asked for, as a program may have a prefix before it; from a router of its own,
 * which is why layers that were built before do not count.
 */
const page = Effect.flatMap(Layer.makeMemoMap, (none) =>
  Effect.provideService(
    HttpLayerRouter.toHttpEffect(HttpApiSwagger.layerHttpLayerRouter({ api: Api, path: "/*" })),
    Layer.CurrentMemoMap,
    none
  )
)

/** Both are made when they are first asked for. */
export const layer = HttpLayerRouter.use((router) =>
  Effect.gen(function* () {
    const docs = yield* Effect.cached(Effect.provideService(page, Scope.Scope, yield* Effect.scope))
    yield* router.add("GET", "/openapi.json", yield* Effect.cached(description))
    yield* router.add("GET", "/docs", Effect.flatten(docs))
  })
)
