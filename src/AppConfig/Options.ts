/** Settings as a typed record. */
import type { Duration, LogLevel, Redacted } from "effect"

/** A duration of at least an hour, or no end. */
export type Keep = Duration.DurationInput | "forever"

export interface EvolutionOptions {
  /** Evolution's address, such as `http://localhost:8080`, without user, password and query. */
  readonly url: string | URL
  /** Evolution's global key, its `AUTHENTICATION_API_KEY`. */
  readonly apiKey: Redacted.Redacted
  /** The way of Evolution to send events. Default: `global`. */
  readonly mode?: "global" | "namespace" | "auto"
  /** The address of an HTTP proxy on the way to Evolution, for the socket and the default HTTP client. Default: none. */
  readonly proxy?: Redacted.Redacted
}

/** Settings that a server may have of its own. */
export interface ListeningOptions {
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
}

/** One Evolution server of several. What it leaves out is as for all. */
export interface ServerOptions extends ListeningOptions {
  readonly evolution: EvolutionOptions
}

export interface ServiceOptions extends ListeningOptions {
  /** The Postgres that `EvolutionListener.layer` opens. Default: the embedded database in `dataDir`. */
  readonly database?: {
    /** `postgresql://user:password@host:5432/name`, with libpq's parameters. */
    readonly url: Redacted.Redacted
    /** The password, if `url` has none. */
    readonly password?: Redacted.Redacted
  }
  /**
   * This process is one of several replicas on one Postgres, which share the servers: one listens to each of them. Needs
   * `@effect/cluster`, `database` and `http.apiKey`. `address`: where the others reach this one; default: `http.host`, or
   * the machine's address, and `http.port`. Default: false.
   */
  readonly cluster?: boolean | { readonly address: string | URL }
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
  /** Endpoints: receivers outside this service. */
  readonly endpoints?: {
    /** Networks that webhooks may reach although they are not public: addresses, networks, `loopback`, `private`. Default: none. */
    readonly allow?: ReadonlyArray<string>
    /** The keys of 32 characters or more that encrypt secrets: the first encrypts, all decrypt. Default: `http.apiKey`. */
    readonly encryptionKeys?: ReadonlyArray<Redacted.Redacted>
    /** A file of YAML or JSON with endpoints. Default: none. */
    readonly file?: string
    /** The variables that endpoints refer to. Default: none. */
    readonly variables?: Readonly<Record<`DELIVERY_${string}`, Redacted.Redacted>>
  }
  /** The receiver of traces, by OTLP over HTTP. Default: none. */
  readonly traces?: {
    readonly endpoint: string | URL
    readonly headers?: Readonly<Record<string, Redacted.Redacted>>
  }
  /** Log lines of a lower level are not written by `Loggers.layer`. Default: `Info`. */
  readonly logLevel?: LogLevel.Literal
}

/** Either one Evolution server, `default`, or several, each under its id: 1 to 32 of `a` to `z`, `0` to `9`, `-`. */
export type Options = ServiceOptions &
  (
    | { readonly evolution: EvolutionOptions; readonly servers?: never }
    | { readonly servers: Readonly<Record<string, ServerOptions>>; readonly evolution?: never }
  )

/** The environment variable of each option. */
export const variables = {
  servers: "EVOLUTION_SERVERS",
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
  cluster: "CLUSTER",
  "cluster.address": "CLUSTER_ADDRESS",
  dataDir: "DATA_DIR",
  "http.host": "HOST",
  "http.port": "PORT",
  "http.publicUrl": "PUBLIC_URL",
  "http.apiKey": "API_KEY",
  "http.streamOrigins": "STREAM_ORIGINS",
  "http.trustProxy": "TRUST_PROXY",
  "http.metricsPerInstance": "METRICS_PER_INSTANCE",
  "endpoints.allow": "DELIVERY_ALLOW",
  "endpoints.encryptionKeys": "ENCRYPTION_KEY",
  "endpoints.file": "ENDPOINTS_FILE",
  "traces.endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT",
  "traces.headers": "OTEL_EXPORTER_OTLP_HEADERS",
  logLevel: "LOG_LEVEL"
} as const

export type Option = keyof typeof variables
