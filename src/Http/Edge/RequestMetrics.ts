/** Counts requests by the template of their route, with the time until the answer begins. */
import { HttpServerRequest, type HttpServerResponse } from "@effect/platform"
import { Duration, Effect, Exit, Option } from "effect"
import * as Metrics from "../../Telemetry/Metrics.ts"

const methods: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS"
])

/** The router notes the template in the request's span and nowhere else outside of the handler. */
const routeNow = Effect.map(Effect.option(Effect.currentSpan), (span) =>
  Option.match(span, {
    onNone: () => "none",
    onSome: ({ attributes }) =>
      String(attributes.get("http.route") ?? "none").replace(/^\/pages\/.*/, "/pages/*")
  })
)

/** nginx's status for a caller that hung up before the answer. */
const hungUp = 499

export const counted = <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const clock = yield* Effect.clock
    const began = clock.unsafeCurrentTimeNanos()
    return yield* Effect.onExit(app, (exit) =>
      Effect.gen(function* () {
        const took = Duration.nanos(clock.unsafeCurrentTimeNanos() - began)
        const method = methods.has(request.method) ? request.method : "other"
        const route = yield* routeNow
        const code = String(Exit.isSuccess(exit) ? exit.value.status : hungUp)
        Metrics.httpRequests({ route, method, code }).unsafeUpdate(1, [])
        Metrics.httpSeconds({ route, method }).unsafeUpdate(Duration.toSeconds(took), [])
      })
    )
  })
