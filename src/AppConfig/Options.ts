/**
 * Settings as a typed record. They are written as the texts of environment variables and read by the same
 * parsers, so that there is one truth about what is allowed.
 */
import { ConfigError, Duration, Either, LogLevel, Redacted } from "effect"
import { withoutValue } from "./Explain.ts"

/** A duration of at least an hour, or no end. */
type Keep = Duration.DurationInput | "forever"

export interface Options {
  readonly evolution: {
    /** Evolution's address, such as `http://localhost:8080`, without user, password and query. */
    readonly url: string | URL
    /** Evolution's global key, its `AUTHENTICATION_API_KEY`. */
    readonly apiKey: Redacted.Redacted
    /** The way of Evolution to send events. Default: `global`. */
    readonly mode?: "global" | "namespace" | "auto"
    /** The address of an HTTP proxy on the way to Evolution, for the socket and the default HTTP client. Default: none. */
    readonly proxy?: Redacted.Redacted
  }
  /** The instances that get a listener by themselves. Default: all. */
  readonly autoStart?: {
    readonly mode: "all" | "created" | "off"
    /** Patterns of names, where `*` stands for any text. Default: every name. */
    readonly only?: ReadonlyArray<string>
    /** Patterns of the names to leave out. Default: none. */
    readonly except?: ReadonlyArray<string>
  }
  /** The stretch of history that a new listener imports, from a minute to ten years. Default: none. */
  readonly importOnStart?: Duration.DurationInput
  /** Back-fill fetches at most this many messages of one gap; 0 turns it off. Default: 10 000. */
  readonly backfillLimit?: number
  /** The bounds of the queue of events that wait for the database. Beyond them the socket is not read. */
  readonly queue?: {
    /** Whole mebibytes (1 048 576 bytes), 1 or more. Default: 64. */
    readonly maxMiB?: number
    /** Default: 10 minutes. */
    readonly maxAge?: Duration.DurationInput
  }
  /** Parts of an event's data that the log leaves out: `mediaKey` and `messageSecret`. Default: none. */
  readonly eventOmit?: ReadonlyArray<"media_keys">
  /** The time after which events are deleted, from an hour to 36 500 days. Default: forever. */
  readonly retention?: {
    readonly general?: Keep
    /** By instance or pattern, such as `test-*`; the first that matches counts. */
    readonly overrides?: Readonly<Record<string, Keep>>
  }
  /** The Postgres that `EvolutionListener.layer` opens. Default: the embedded database in `dataDir`. */
  readonly database?: {
    /** `postgresql://user:password@host:5432/name`, with libpq's parameters. */
    readonly url: Redacted.Redacted
    /** The password, if `url` has none. */
    readonly password?: Redacted.Redacted
  }
  /** The directory of the embedded database and of a generated `http.apiKey`. Default: `./data`. */
  readonly dataDir?: string
  /** For the API and the pages. */
  readonly http?: {
    /** The address to listen on. Default: `127.0.0.1`. */
    readonly host?: string
    /** Default: 8000. */
    readonly port?: number
    /** The address at which other people's browsers reach the service. Default: what requests say. */
    readonly publicUrl?: string | URL
    /** The key that may do everything; required if `host` is not loopback. Default: generated, in `dataDir`. */
    readonly apiKey?: Redacted.Redacted
    /** Origins of other sites whose pages may read streams, such as `https://app.example.com`; `*`: all. Default: none. */
    readonly streamOrigins?: ReadonlyArray<string>
    /** Proxies whose `X-Forwarded-…` headers are believed: addresses, networks, `loopback`, `private`. Default: these two. */
    readonly trustProxy?: ReadonlyArray<string>
    /** True: `/metrics` names instances. Default: false. */
    readonly metricsPerInstance?: boolean
  }
  /** The receiver of traces, by OTLP over HTTP. Default: none. */
  readonly traces?: {
    readonly endpoint: string | URL
    readonly headers?: Readonly<Record<string, Redacted.Redacted>>
  }
  /** Log lines of a lower level are not written by `Loggers.layer`. Default: `Info`. */
  readonly logLevel?: LogLevel.Literal
}

/** The environment variable of each option. */
export const variables = {
  "evolution.url": "EVOLUTION_API_URL",
  "evolution.apiKey": "EVOLUTION_API_KEY",
  "evolution.mode": "EVOLUTION_MODE",
  "evolution.proxy": "EVOLUTION_PROXY",
  autoStart: "AUTO_START",
  importOnStart: "IMPORT_ON_START",
  backfillLimit: "BACKFILL_LIMIT",
  "queue.maxMiB": "QUEUE_MAX_MIB",
  "queue.maxAge": "QUEUE_MAX_AGE",
  eventOmit: "EVENT_OMIT",
  retention: "EVENT_RETENTION",
  "database.url": "DATABASE_URL",
  "database.password": "PGPASSWORD",
  dataDir: "DATA_DIR",
  "http.host": "HOST",
  "http.port": "PORT",
  "http.publicUrl": "PUBLIC_URL",
  "http.apiKey": "API_KEY",
  "http.streamOrigins": "STREAM_ORIGINS",
  "http.trustProxy": "TRUST_PROXY",
  "http.metricsPerInstance": "METRICS_PER_INSTANCE",
  "traces.endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT",
  "traces.headers": "OTEL_EXPORTER_OTLP_HEADERS",
  logLevel: "LOG_LEVEL"
} as const

type Option = keyof typeof variables

const secretText = (secret: Redacted.Redacted | undefined) =>
  secret === undefined ? undefined : Redacted.value(secret)

const durationText = (duration: Duration.DurationInput | undefined) =>
  duration === undefined ? undefined : `${Duration.toMillis(duration)} millis`

const keepText = (keep: Keep) => (keep === "forever" ? keep : durationText(keep))

/** The text of each option, as its variable would have it; `undefined`: left out. */
const textsOf = (options: Options): Record<Option, string | undefined> => {
  const { autoStart, database, evolution, http = {}, queue = {}, retention, traces } = options
  const list = (items: ReadonlyArray<string> | undefined) => items?.join(",")
  return {
    "evolution.url": String(evolution.url),
    "evolution.apiKey": secretText(evolution.apiKey),
    "evolution.mode": evolution.mode,
    "evolution.proxy": secretText(evolution.proxy),
    autoStart:
      autoStart && list([autoStart.mode, ...(autoStart.only ?? []), ...exceptions(autoStart)]),
    importOnStart: durationText(options.importOnStart),
    backfillLimit: options.backfillLimit?.toString(),
    "queue.maxMiB": queue.maxMiB?.toString(),
    "queue.maxAge": durationText(queue.maxAge),
    eventOmit: list(options.eventOmit),
    retention: retention && list(keeps(retention)),
    "database.url": secretText(database?.url),
    "database.password": secretText(database?.password),
    dataDir: options.dataDir,
    "http.host": http.host,
    "http.port": http.port?.toString(),
    "http.publicUrl": http.publicUrl?.toString(),
    "http.apiKey": secretText(http.apiKey),
    "http.streamOrigins": list(http.streamOrigins),
    "http.trustProxy": http.trustProxy?.length === 0 ? "none" : list(http.trustProxy),
    "http.metricsPerInstance": http.metricsPerInstance?.toString(),
    "traces.endpoint": traces?.endpoint.toString(),
    "traces.headers": list(headers(traces?.headers ?? {})),
    logLevel: options.logLevel && LogLevel.fromLiteral(options.logLevel).label
  }
}

const exceptions = ({ except = [] }: NonNullable<Options["autoStart"]>) =>
  except.map((pattern) => `-${pattern}`)

const keeps = ({ general = "forever", overrides = {} }: NonNullable<Options["retention"]>) => [
  keepText(general) ?? "",
  ...Object.entries(overrides).map(([pattern, keep]) => `${pattern}=${keepText(keep)}`)
]

const headers = (given: Readonly<Record<string, Redacted.Redacted>>) =>
  Object.entries(given).map(
    ([name, value]) => `${name}=${encodeURIComponent(Redacted.value(value))}`
  )

/** Items that a list of texts cannot have: it would be read as another list. */
const misread = ({
  autoStart,
  http,
  retention
}: Options): ReadonlyArray<readonly [Option, string]> => {
  const patterns = [...(autoStart?.only ?? []), ...(autoStart?.except ?? [])]
  const found: ReadonlyArray<readonly [Option, boolean, string]> = [
    ["autoStart", patterns.some((one) => one.includes(",")), "Expected patterns without a comma"],
    [
      "autoStart",
      autoStart?.only?.some((one) => one.trim().startsWith("-")) === true,
      'Expected patterns that do not begin with "-" in "only"'
    ],
    [
      "retention",
      Object.keys(retention?.overrides ?? {}).some((one) => /[,=]/.test(one)),
      'Expected patterns without a comma and "="'
    ],
    [
      "http.streamOrigins",
      http?.streamOrigins?.some((one) => one.includes(",")) === true,
      "Expected one origin in each item"
    ]
  ]
  return found.flatMap(([option, isWrong, why]) => (isWrong ? [[option, why] as const] : []))
}

/** The options as environment variables. */
export const written = (
  options: Options
): Either.Either<ReadonlyMap<string, string>, ConfigError.ConfigError> => {
  const [first, ...others] = misread(options).map(([option, why]) =>
    ConfigError.InvalidData([option], why)
  )
  return first === undefined
    ? Either.right(
        new Map(
          Object.entries(textsOf(options)).flatMap(([option, text]) =>
            text === undefined ? [] : [[variables[option as Option], text] as const]
          )
        )
      )
    : Either.left(others.reduce<ConfigError.ConfigError>(ConfigError.And, first))
}

const options = new Map(Object.entries(variables).map(([option, variable]) => [variable, option]))

/** Names options in the place of variables, the longest first. */
const renamed = (text: string): string =>
  [...options]
    .sort(([left], [right]) => right.length - left.length)
    .reduce(
      (words, [variable, option]) => words.replace(new RegExp(`\\b${variable}\\b`, "g"), option),
      text
    )

/** An error about variables as one about options, without the values. */
export const inOptions = (error: ConfigError.ConfigError): ConfigError.ConfigError => {
  switch (error._op) {
    case "And":
      return ConfigError.And(inOptions(error.left), inOptions(error.right))
    case "Or":
      return inOptions(error.left)
    case "MissingData":
      return ConfigError.MissingData(error.path.map(renamed), renamed(withoutValue(error.message)))
    default:
      return ConfigError.InvalidData(error.path.map(renamed), renamed(withoutValue(error.message)))
  }
}
