/** Every request, counted by the template of its route, with how long its answer took to begin. */
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

/** The router tells the template to the request's span, and to nobody else outside of the handler. */
const routeNow = Effect.map(Effect.option(Effect.currentSpan), (span) =>
  Option.match(span, {
    onNone: () => "none",
    onSome: ({ attributes }) =>
      String(attributes.get("http.route") ?? "none").replace(/^\/pages\/.*/, "/pages/*")
  })
)

/** nginx's word for who went away before there was an answer. */
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
