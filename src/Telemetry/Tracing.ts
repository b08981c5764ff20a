/**
 * Traces, sent by OTLP over HTTP to `OTEL_EXPORTER_OTLP_ENDPOINT`. The package that sends them is loaded
 * only if that is set, so a program without traces need not install it.
 */
import { FetchHttpClient } from "@effect/platform"
import { Context, Effect, Layer, Option, Redacted, Tracer } from "effect"
import * as AppConfig from "../AppConfig.ts"
import * as StopPlan from "../Concurrency/StopPlan.ts"
import { version } from "../Domain/Version.ts"
import * as Secrets from "./Secrets.ts"
import { discreet } from "./Tracing/Discreet.ts"

/** Makes an effect a span. `Tracing/Discreet` decides which of its facts are sent. */
export const span = (
  name: string,
  options: {
    readonly attributes?: Readonly<Record<string, unknown>>
    readonly kind?: Tracer.SpanKind
    /** Makes it part of no other span: for work that serves many callers, or outlives its caller. */
    readonly root?: boolean
  } = {}
) => Effect.withSpan(name, { ...options, captureStackTrace: false })

/** Makes a command on an instance a span, and annotates its log lines with the instance. */
export const command =
  (name: string, instance: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
    effect.pipe(span(name, { attributes: { instance } }), Effect.annotateLogs("instance", instance))

/** Detaches the spans of a fiber that outlives its starter from the starter's span. */
export const apart = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.withParentSpan(effect, nobody)

const nobody = Tracer.externalSpan({
  spanId: "",
  traceId: "",
  context: Context.make(Tracer.DisablePropagation, true)
})

const missing =
  "Cannot send traces to OTEL_EXPORTER_OTLP_ENDPOINT: install @effect/opentelemetry 0.64.1 beside evolution-listener"

/** A bundler lets an import be absent only if its rejection is handled in place. */
const absent = (error: unknown) => Promise.reject(error)

/** Loads the exporter alone, without OpenTelemetry's own packages. */
const load = Effect.tryPromise(() =>
  Promise.all([
    import("@effect/opentelemetry/OtlpTracer").catch(absent),
    import("@effect/opentelemetry/OtlpSerialization").catch(absent)
  ])
)

const exporting = ({ endpoint, headers }: AppConfig.Traces) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      yield* Secrets.add(
        ...Object.values(Redacted.value(headers)).map((value) => Redacted.make(value))
      )
      const [OtlpTracer, OtlpSerialization] = yield* load
      const tracer = yield* OtlpTracer.make({
        url: new URL("v1/traces", endpoint).href,
        headers: Redacted.value(headers),
        resource: { serviceName: "evolution-listener", serviceVersion: version },
        shutdownTimeout: StopPlan.share("traces")
      }).pipe(Effect.provide(Layer.merge(OtlpSerialization.layerJson, FetchHttpClient.layer)))
      return Layer.setTracer(discreet(tracer))
    }).pipe(
      Effect.catchTag("UnknownException", () => Effect.as(Effect.logWarning(missing), Layer.empty))
    )
  )

/** Traces the layers that it is provided to. */
export const layer = Layer.unwrapEffect(
  Effect.map(AppConfig.traces, Option.match({ onNone: () => Layer.empty, onSome: exporting }))
)
