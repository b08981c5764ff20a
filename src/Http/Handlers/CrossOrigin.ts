/** Lets pages of other sites read streams, if their origins are in `STREAM_ORIGINS`. */
import { HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Effect } from "effect"
import * as AppConfig from "../../AppConfig.ts"

/** An `EventSource` sends a simple request, without a preflight and, as we set none, without cookies. */
export const sharing = Effect.map(
  AppConfig.streamOrigins,
  (origins) =>
    <E, R>(answer: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
      Effect.zipWith(HttpServerRequest.HttpServerRequest, answer, ({ headers }, response) => {
        const { origin } = headers
        if (origins.length === 0) return response
        const isShared = origin !== undefined && ["*", origin].some((one) => origins.includes(one))
        return HttpServerResponse.setHeaders(response, {
          vary: "origin",
          ...(isShared && { "access-control-allow-origin": origin })
        })
      })
)
