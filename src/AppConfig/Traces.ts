/** The receiver of traces, in OpenTelemetry's variables. */
import { Config, ConfigError, Either, Option, Redacted } from "effect"
import { httpUrl } from "./HttpUrl.ts"
import * as Secret from "./Secret.ts"

/** `name=value`, the value percent-encoded. */
const headerOf = (pair: string): Option.Option<readonly [string, string]> => {
  const [, name, value] = /^\s*([\w-]+)\s*=([\x21-\x7e ]+)$/.exec(pair) ?? []
  return Option.all([
    Option.fromNullable(name),
    Option.flatMap(Option.fromNullable(value), unescaped)
  ])
}

const unescaped = Option.liftThrowable((text: string) => decodeURIComponent(text.trim()))

/** `name=value,name=value` (OpenTelemetry's form). */
const otlpHeaders = Config.mapOrFail(
  Secret.secret("OTEL_EXPORTER_OTLP_HEADERS", Secret.valuesIn),
  (text) =>
    Option.match(Option.all(text.split(",").map(headerOf)), {
      onNone: () => Either.left(ConfigError.InvalidData([], "Expected name=value,name=value")),
      onSome: (pairs) => Either.right(Redacted.make(Object.fromEntries(pairs)))
    })
)

/** The receiver of traces. */
export interface Traces {
  readonly endpoint: URL
  readonly headers: Redacted.Redacted<Record<string, string>>
}
export const traces: Config.Config<Option.Option<Traces>> = Config.option(
  Config.all({
    endpoint: httpUrl("OTEL_EXPORTER_OTLP_ENDPOINT"),
    headers: otlpHeaders.pipe(Config.withDefault(Redacted.make({})))
  })
)
