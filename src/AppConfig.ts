/**
 * Every setting, grouped by consumer, under the name of its environment variable. Nothing else reads settings.
 * A `Setting` is an effect that reads it from the service `Settings`, and has the `Config` in `config`.
 */
import {
  Array as Arr,
  Config,
  ConfigError,
  Duration,
  Effect,
  Either,
  LogLevel,
  Option,
  Redacted
} from "effect"
import * as AutoStart from "./AppConfig/AutoStart.ts"
import * as Cluster from "./AppConfig/Cluster.ts"
import * as DatabaseUrl from "./AppConfig/DatabaseUrl.ts"
import * as DeliveryAllow from "./AppConfig/DeliveryAllow.ts"
import { distinctServers } from "./AppConfig/DistinctServers.ts"
import * as Endpoints from "./AppConfig/Endpoints.ts"
import * as EventOmit from "./AppConfig/EventOmit.ts"
import { together } from "./AppConfig/Explain.ts"
import { httpUrl } from "./AppConfig/HttpUrl.ts"
import * as ImportOnStart from "./AppConfig/ImportOnStart.ts"
import * as Origins from "./AppConfig/Origins.ts"
import { proxyFor } from "./AppConfig/OutgoingProxy.ts"
import { retention } from "./AppConfig/Retention.ts"
import * as Secret from "./AppConfig/Secret.ts"
import * as Servers from "./AppConfig/Servers.ts"
import { type Setting, Settings, setting } from "./AppConfig/Setting.ts"
import * as Traces from "./AppConfig/Traces.ts"
import * as TrustedProxies from "./AppConfig/TrustedProxies.ts"

export { type AutoStart, autoStartOf } from "./AppConfig/AutoStart.ts"
export type { Cluster } from "./AppConfig/Cluster.ts"
export type { Address, Tls } from "./AppConfig/DatabaseUrl.ts"
export { parse as parseDatabaseUrl } from "./AppConfig/DatabaseUrl.ts"
export { distinctServers } from "./AppConfig/DistinctServers.ts"
export { referred } from "./AppConfig/Endpoints.ts"
export { explain } from "./AppConfig/Explain.ts"
export { type OutgoingProxy, wordsOf as proxyWords } from "./AppConfig/OutgoingProxy.ts"
export type { Keep, Retention } from "./AppConfig/Retention.ts"
export { passwordsIn } from "./AppConfig/Secret.ts"
export type { Setting } from "./AppConfig/Setting.ts"
export type { Traces } from "./AppConfig/Traces.ts"
export { trusting } from "./AppConfig/TrustedProxies.ts"

/** The Evolution servers, at least one. */
export const servers = setting(Servers.servers)

export const autoStart = setting(AutoStart.autoStart)
/** True: it is not the default. */
export const isAutoStartSet = setting(AutoStart.isAutoStartSet)
/** The stretch of history that a new listener imports; `None`: nothing. */
export const importOnStart = setting(ImportOnStart.importOnStart)
/** Every secret in the settings of all servers, as far as they are set. */
export const secrets = Effect.flatMap(Settings, (settings) => settings.secrets)
/** Networks of proxies whose `X-Forwarded-…` headers are believed. */
export const trustedProxies = setting(TrustedProxies.trustedProxies)
/** Networks that are not public, and that webhooks may reach. */
export const deliveryAllow = setting(DeliveryAllow.deliveryAllow)

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
    mode: Config.withDefault(
      Config.literal("global", "namespace", "auto")("EVOLUTION_MODE"),
      "global"
    )
  })
)

const proxy = setting(proxyFor(httpUrl("EVOLUTION_API_URL")))
/** The HTTP proxy on the way to Evolution, and the variable that has it. */
export const evolutionProxy = Effect.zipWith(proxy, Settings, (found, { worded }) =>
  Option.map(found, (one) => ({ ...one, setting: worded(one.setting) }))
)

/** True if Node verifies TLS certificates. Node reads this variable by itself. */
export const isTlsVerified = setting(
  Config.string("NODE_TLS_REJECT_UNAUTHORIZED").pipe(
    Config.map((text) => text !== "0"),
    Config.withDefault(true)
  )
)

/** The directory of the embedded database and of the generated key. */
export const dataDir = setting(Config.nonEmptyString("DATA_DIR").pipe(Config.withDefault("./data")))
/** The encryption of the endpoints' secrets, and their file. */
export const endpoints = setting(Endpoints.endpoints)

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

/** Parts of an event's data that the log leaves out. */
export const eventOmit = setting(EventOmit.eventOmit)

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

/** What makes this process one of several replicas; `None`: it is alone. */
export const cluster: Setting<Option.Option<Cluster.Cluster>> = setting(
  Cluster.cluster({ databaseUrl: databaseUrl.config, http: Http.config })
)

/** Origins of other sites whose pages may read streams; `*`: of all. */
export const streamOrigins = setting(Origins.streamOrigins)

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

export const traces: Setting<Option.Option<Traces.Traces>> = setting(Traces.traces)

export const logLevel = setting(
  Config.logLevel("LOG_LEVEL").pipe(Config.withDefault(LogLevel.Info))
)

/** The settings that a server may have of its own. */
export const ofServer = setting(
  Config.all([
    Evolution.config,
    Queue.config,
    autoStart.config,
    backfillLimit.config,
    eventOmit.config,
    eventRetention.config,
    proxy.config,
    importOnStart.config
  ])
)

/** The settings that are the same for all servers. */
export const ofService = setting(
  Config.all([
    servers.config,
    Http.config,
    cluster.config,
    databasePassword.config,
    databaseUrl.config,
    dataDir.config,
    deliveryAllow.config,
    endpoints.config,
    isTlsVerified.config,
    keyWhereReachable,
    logLevel.config,
    metricsPerInstance.config,
    streamOrigins.config,
    traces.config,
    trustedProxies.config
  ])
)

/** Gives the settings of each server to an effect, in the order of `servers`. */
export const forEachServer = <A, E, R>(
  run: (server: string) => Effect.Effect<A, E, R>
): Effect.Effect<ReadonlyArray<A>, E | ConfigError.ConfigError, Exclude<R, Settings> | Settings> =>
  Effect.flatMap(Effect.all([Settings, servers]), ([settings, ids]) =>
    Effect.forEach(ids, (id) =>
      Effect.flatMap(settings.ofServer(id), (own) => Effect.provideService(run(id), Settings, own))
    )
  )

/** Reads all settings, so that one start reports every wrong one. */
export const everything: Effect.Effect<void, ConfigError.ConfigError, Settings> = Effect.flatMap(
  Effect.all([
    Effect.either(ofService),
    Effect.either(forEachServer(() => Effect.either(ofServer))),
    Effect.either(distinctServers)
  ]),
  ([service, each, distinct]) => {
    const wrong = together(
      Arr.getLefts([...(Either.isLeft(each) ? [each] : each.right), service, distinct])
    )
    return wrong === undefined ? Effect.void : Effect.fail(wrong)
  }
)
