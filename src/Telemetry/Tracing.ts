/**
 * Traces, sent by OTLP over HTTP to where `OTEL_EXPORTER_OTLP_ENDPOINT` says. The package that sends
 * them is loaded only then; whoever wants no traces does without it.
 */
import { FetchHttpClient } from "@effect/platform"
import { Context, Effect, Layer, Option, Redacted, Tracer } from "effect"
import * as AppConfig from "../AppConfig.ts"
import { version } from "../Domain/Version.ts"
import * as Secrets from "./Secrets.ts"
import { discreet } from "./Tracing/Discreet.ts"

/** How long stopping may take to send what is left; the whole service has 5 s. */
const flushTimeout = "1 second"

/** Makes an effect a span, of which `Tracing/Discreet` says what is told. */
export const span = (
  name: string,
  options: {
    readonly attributes?: Readonly<Record<string, unknown>>
    readonly kind?: Tracer.SpanKind
    /** Part of no other span: for what serves many, or outlives whoever began it. */
    readonly root?: boolean
  } = {}
) => Effect.withSpan(name, { ...options, captureStackTrace: false })

/** A command on an instance: a span, and whose every line of log is about. */
export const command =
  (name: string, instance: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
    effect.pipe(span(name, { attributes: { instance } }), Effect.annotateLogs("instance", instance))

/** For a fiber that outlives whoever started it: its spans are not part of the starter's. */
export const apart = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.withParentSpan(effect, nobody)

const nobody = Tracer.externalSpan({
  spanId: "",
  traceId: "",
  context: Context.make(Tracer.DisablePropagation, true)
})

const missing =
  "Cannot send traces to OTEL_EXPORTER_OTLP_ENDPOINT: install @effect/opentelemetry 0.64.1 beside evolution-listener"

/** Only what is caught here may be absent when the program is bundled. */
const absent = (error: unknown) => Promise.reject(error)

/** The exporter alone, without OpenTelemetry's own packages. */
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
        shutdownTimeout: flushTimeout
      }).pipe(Effect.provide(Layer.merge(OtlpSerialization.layerJson, FetchHttpClient.layer)))
      return Layer.setTracer(discreet(tracer))
    }).pipe(
      Effect.catchTag("UnknownException", () => Effect.as(Effect.logWarning(missing), Layer.empty))
    )
  )

/** To be provided to all that is to be traced. */
export const layer = Layer.unwrapEffect(
  Effect.map(AppConfig.traces, Option.match({ onNone: () => Layer.empty, onSome: exporting }))
)
