/**
 * Every setting, grouped by consumer, under the name of its environment variable. Nothing else reads settings.
 * A `Setting` is an effect that reads it from the service `Settings`, and has the `Config` in `config`.
 */
import { Config, ConfigError, Duration, Either, LogLevel, Option, Redacted } from "effect"
import * as AutoStart from "./AppConfig/AutoStart.ts"
import * as DatabaseUrl from "./AppConfig/DatabaseUrl.ts"
import * as ImportOnStart from "./AppConfig/ImportOnStart.ts"
import { proxyFor } from "./AppConfig/OutgoingProxy.ts"
import { retention } from "./AppConfig/Retention.ts"
import * as Secret from "./AppConfig/Secret.ts"
import { type Setting, setting } from "./AppConfig/Setting.ts"
import * as TrustedProxies from "./AppConfig/TrustedProxies.ts"

export { type AutoStart, autoStartOf } from "./AppConfig/AutoStart.ts"
export type { Address, Tls } from "./AppConfig/DatabaseUrl.ts"
export { parse as parseDatabaseUrl } from "./AppConfig/DatabaseUrl.ts"
export { explain } from "./AppConfig/Explain.ts"
export { type OutgoingProxy, wordsOf as proxyWords } from "./AppConfig/OutgoingProxy.ts"
export type { Keep, Retention } from "./AppConfig/Retention.ts"
export { passwordsIn } from "./AppConfig/Secret.ts"
export type { Setting } from "./AppConfig/Setting.ts"
export { trusting } from "./AppConfig/TrustedProxies.ts"

export const autoStart = setting(AutoStart.autoStart)
/** True: the value of `autoStart` is not the default. */
export const isAutoStartSet = setting(AutoStart.isAutoStartSet)
/** The stretch of history that a new listener imports; `None`: nothing. */
export const importOnStart = setting(ImportOnStart.importOnStart)
/** Every secret in the settings, as far as they are set. */
export const secrets = setting(Secret.secrets)
/** Networks of proxies whose `X-Forwarded-…` headers are believed. */
export const trustedProxies = setting(TrustedProxies.trustedProxies)

/** An http(s) address with nothing secret in it; a trailing slash does not matter. */
const httpUrl = (name: string) =>
  Config.mapOrFail(Config.nonEmptyString(name), (text) => {
    const wrong = (why: string) => Either.left(ConfigError.InvalidData([], why))
    if (!URL.canParse(text)) return wrong("Expected an address such as http://localhost:8080")
    const url = new URL(text)
    if (!["http:", "https:"].includes(url.protocol))
      return wrong("Expected an http:// or https:// address")
    if (url.username !== "" || url.password !== "" || url.search !== "")
      return wrong("Expected an address without user, password and query")
    url.pathname = url.pathname.replace(/\/*$/, "/")
    return Either.right(url)
  })

/** A secret that can travel in an HTTP header. Errors say the rule, never the value. */
const headerValue = (name: string) =>
  Config.validate(Secret.secret(name), {
    message: "Expected visible ASCII characters, without spaces and line breaks",
    validation: (text) => /^[\x21-\x7e]+$/.test(text)
  })

/** Evolution's address, our key for it, and its way of sending events. */
export const Evolution = setting(
  Config.all({
    url: httpUrl("EVOLUTION_API_URL"),
    apiKey: Config.map(headerValue("EVOLUTION_API_KEY"), Redacted.make),
    mode: Config.literal(
      "global",
      "namespace",
      "auto"
    )("EVOLUTION_MODE").pipe(Config.withDefault("global"))
  })
)

/** The HTTP proxy on the way to Evolution. */
export const evolutionProxy = setting(proxyFor(httpUrl("EVOLUTION_API_URL")))

/** True if Node verifies TLS certificates. Node reads this variable by itself. */
export const isTlsVerified = setting(
  Config.string("NODE_TLS_REJECT_UNAUTHORIZED").pipe(
    Config.map((text) => text !== "0"),
    Config.withDefault(true)
  )
)

/** The directory of the embedded database and of the generated key. */
export const dataDir = setting(Config.nonEmptyString("DATA_DIR").pipe(Config.withDefault("./data")))

/** A Postgres address that can be read; without it the embedded database is used. */
export const databaseUrl: Setting<Option.Option<Redacted.Redacted>> = setting(
  Config.option(
    Config.mapOrFail(Secret.secret("DATABASE_URL", Secret.passwordsIn), (text) =>
      Either.mapBoth(DatabaseUrl.parse(text), {
        onLeft: (why) => ConfigError.InvalidData([], why),
        onRight: () => Redacted.make(text)
      })
    )
  )
)

/** The password for the address, where that has none. `pg` reads this variable, too. */
export const databasePassword = setting(Config.option(Config.redacted(Secret.secret("PGPASSWORD"))))

/** The bounds of the queue of events that wait for the database. Beyond them the socket is not read. */
export const Queue = setting(
  Config.all({
    maxBytes: Config.integer("QUEUE_MAX_MIB").pipe(
      Config.validate({ message: "Expected 1 or more", validation: (mib) => mib >= 1 }),
      Config.withDefault(64),
      Config.map((mib) => mib * 1024 * 1024)
    ),
    maxAge: Config.duration("QUEUE_MAX_AGE").pipe(Config.withDefault(Duration.minutes(10)))
  })
)

/** Back-fill fetches at most this many messages of one gap; 0 turns it off. */
export const backfillLimit = setting(
  Config.integer("BACKFILL_LIMIT").pipe(
    Config.validate({ message: "Expected 0 or more", validation: (count) => count >= 0 }),
    Config.withDefault(10_000)
  )
)

/** Parts of an event's data that the log leaves out. `media_keys`: `mediaKey` and `messageSecret`. */
export const eventOmit: Setting<ReadonlySet<"media_keys">> = setting(
  Config.string("EVENT_OMIT").pipe(
    Config.mapOrFail((text) => {
      const parts = text.split(",").flatMap((part) => part.trim() || [])
      return parts.every((part) => part === "media_keys")
        ? Either.right(new Set(parts))
        : Either.left(ConfigError.InvalidData([], "Expected media_keys, or nothing"))
    }),
    Config.withDefault(new Set<"media_keys">())
  )
)

/** The retention of events. */
export const eventRetention = setting(retention("EVENT_RETENTION"))

export const Http = setting(
  Config.all({
    host: Config.nonEmptyString("HOST").pipe(Config.withDefault("127.0.0.1")),
    port: Config.port("PORT").pipe(Config.withDefault(8000)),
    /** The address at which other people's browsers reach this service. */
    publicUrl: Config.option(httpUrl("PUBLIC_URL")),
    apiKey: Config.option(Config.map(headerValue("API_KEY"), Redacted.make))
  })
)

const anyOrigin = "*"
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text

/** Origins of other sites whose pages may read streams; `*`: of all. */
export const streamOrigins: Setting<ReadonlyArray<string>> = setting(
  Config.nonEmptyString("STREAM_ORIGINS").pipe(
    Config.mapOrFail((text) => {
      const origins = text.split(",").map((origin) => origin.trim())
      return origins.every((origin) => origin === anyOrigin || isOrigin(origin))
        ? Either.right(origins)
        : Either.left(
            ConfigError.InvalidData(
              [],
              "Expected origins such as https://app.example.com with commas between, or *"
            )
          )
    }),
    Config.withDefault([])
  )
)

/** The path of `PUBLIC_URL`, such as `/listener/`; `/` without one. */
export const basePath = setting(
  Config.map(Http.config, ({ publicUrl }) =>
    Option.match(publicUrl, { onNone: () => "/", onSome: ({ pathname }) => pathname })
  )
)

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)

/** A configured key is required if other machines can call. */
const keyWhereReachable = Config.mapOrFail(Http.config, ({ apiKey, host }) =>
  Option.isNone(apiKey) && !isLoopback(host)
    ? Either.left(ConfigError.InvalidData(["API_KEY"], "Expected a key, as HOST is not loopback"))
    : Either.void
)

/** True: `/metrics` names instances, and so grows with their number. */
export const metricsPerInstance = setting(
  Config.boolean("METRICS_PER_INSTANCE").pipe(Config.withDefault(false))
)

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
export const traces: Setting<Option.Option<Traces>> = setting(
  Config.option(
    Config.all({
      endpoint: httpUrl("OTEL_EXPORTER_OTLP_ENDPOINT"),
      headers: otlpHeaders.pipe(Config.withDefault(Redacted.make({})))
    })
  )
)

export const logLevel = setting(
  Config.logLevel("LOG_LEVEL").pipe(Config.withDefault(LogLevel.Info))
)

/** All settings at once, so that one start reports every wrong one. */
export const everything = setting(
  Config.all([
    Evolution.config,
    Http.config,
    Queue.config,
    autoStart.config,
    backfillLimit.config,
    databasePassword.config,
    databaseUrl.config,
    dataDir.config,
    eventOmit.config,
    eventRetention.config,
    evolutionProxy.config,
    importOnStart.config,
    isTlsVerified.config,
    keyWhereReachable,
    logLevel.config,
    metricsPerInstance.config,
    streamOrigins.config,
    traces.config,
    trustedProxies.config
  ])
)
