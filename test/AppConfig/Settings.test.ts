import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Layer, Option, Redacted } from "effect"
import { variables } from "../../src/AppConfig/Options.ts"
import { perServer } from "../../src/AppConfig/Servers.ts"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as AppConfig from "../../src/AppConfig.ts"
import { settingNames } from "../support/settingNames.ts"

const evolution = { url: "http://localhost:8080", apiKey: Redacted.make("evolution-key-9") }

const full: Settings.Options = {
  evolution: {
    url: new URL("https://evolution.example.com/api"),
    apiKey: Redacted.make("evolution-key-9"),
    mode: "auto",
    proxy: Redacted.make("http://user:pass-word-9@proxy.example.com:3128")
  },
  autoStart: { mode: "created", only: ["shop-*", "bar"], except: ["*-test"] },
  importOnStart: "7 days",
  backfillLimit: 500,
  queue: { maxMiB: 8, maxAge: Duration.seconds(90) },
  eventOmit: ["media_keys"],
  retention: { general: "90 days", overrides: { "test-*": "1 day", "legal-*": "forever" } },
  database: {
    url: Redacted.make("postgresql://app@db.example.com/app?schema=listener"),
    password: Redacted.make("data-base-word-9")
  },
  cluster: { address: "http://10.0.0.7:9000" },
  dataDir: "/var/lib/listener",
  http: {
    host: "0.0.0.0",
    port: 9000,
    publicUrl: "https://app.example.com/listener",
    apiKey: Redacted.make("our-own-key-9"),
    streamOrigins: ["https://a.example.com", "https://b.example.com"],
    trustProxy: [],
    metricsPerInstance: true
  },
  endpoints: {
    allow: ["loopback", "10.1.0.0/16"],
    encryptionKeys: [Redacted.make("k".repeat(32)), Redacted.make("o".repeat(32))],
    file: "/etc/endpoints.yaml"
  },
  traces: {
    endpoint: "http://collector:4318",
    headers: { authorization: Redacted.make("Bearer a,b=c d") }
  },
  logLevel: "Warning"
}

/** The same as environment variables. */
const environment = {
  EVOLUTION_API_URL: "https://evolution.example.com/api",
  EVOLUTION_API_KEY: "evolution-key-9",
  EVOLUTION_MODE: "auto",
  EVOLUTION_PROXY: "http://user:pass-word-9@proxy.example.com:3128",
  AUTO_START: "created,shop-*,bar,-*-test",
  IMPORT_ON_START: "7 days",
  BACKFILL_LIMIT: "500",
  QUEUE_MAX_MIB: "8",
  QUEUE_MAX_AGE: "90 seconds",
  EVENT_OMIT: "media_keys",
  EVENT_RETENTION: "90 days,test-*=1 day,legal-*=forever",
  DATABASE_URL: "postgresql://app@db.example.com/app?schema=listener",
  PGPASSWORD: "data-base-word-9",
  CLUSTER: "true",
  CLUSTER_ADDRESS: "http://10.0.0.7:9000",
  DATA_DIR: "/var/lib/listener",
  DELIVERY_ALLOW: "loopback,10.1.0.0/16",
  HOST: "0.0.0.0",
  PORT: "9000",
  PUBLIC_URL: "https://app.example.com/listener",
  API_KEY: "our-own-key-9",
  STREAM_ORIGINS: "https://a.example.com,https://b.example.com",
  TRUST_PROXY: "none",
  METRICS_PER_INSTANCE: "true",
  ENCRYPTION_KEY: `${"k".repeat(32)},${"o".repeat(32)}`,
  ENDPOINTS_FILE: "/etc/endpoints.yaml",
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
  OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20a%2Cb%3Dc%20d",
  LOG_LEVEL: "WARN"
}

const fromEnvironment = (given: Readonly<Record<string, string>>) =>
  Settings.layerFromEnv.pipe(
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(given)))))
  )

const linesOf = (options: Settings.Options) =>
  Effect.map(Effect.flip(Layer.build(Settings.layer(options))), Settings.explain)

describe("Settings.layer", () => {
  it.effect("has an option for each setting, with the meaning of its variable", () =>
    Effect.gen(function* () {
      expect([...Object.keys(environment), "EVOLUTION_SERVERS"].sort()).toEqual(
        Object.values(variables).sort()
      )
      const read = Effect.all([AppConfig.everything, AppConfig.secrets])
      const written = yield* Effect.provide(read, Settings.layer(full))
      expect(written).toEqual(yield* Effect.provide(read, fromEnvironment(environment)))
    })
  )

  it.effect("has the same options for each server of several", () =>
    Effect.gen(function* () {
      const { autoStart, backfillLimit, eventOmit, importOnStart, queue, retention } = full
      const listening = { autoStart, backfillLimit, eventOmit, importOnStart, queue, retention }
      const proxy = Redacted.make("http://:word-9@p:1")
      const options = {
        servers: {
          "br-2": { evolution: { ...evolution, mode: "auto" as const, proxy }, ...listening },
          eu: { evolution: { ...evolution, url: "http://eu" } }
        }
      }
      const own = Object.entries({
        ...environment,
        EVOLUTION_API_URL: evolution.url,
        EVOLUTION_PROXY: Redacted.value(proxy)
      }).flatMap(([name, text]) => (perServer.includes(name) ? [[`${name}__BR_2`, text]] : []))
      expect(own).toHaveLength(perServer.length)
      const read = Effect.all([
        AppConfig.forEachServer(() => AppConfig.ofServer),
        AppConfig.secrets
      ])
      // The table's type takes a missing option for one that is `undefined`.
      const written = yield* Effect.provide(read, Settings.layer(options as Settings.Options))
      expect(written).toEqual(
        yield* Effect.provide(
          read,
          fromEnvironment({
            ...Object.fromEntries(own),
            EVOLUTION_SERVERS: "br-2,eu",
            EVOLUTION_API_URL__EU: "http://eu",
            EVOLUTION_API_KEY__EU: "evolution-key-9"
          })
        )
      )
    })
  )

  it("leaves out only the variables that are other programs' as well", () => {
    const others = settingNames.filter((name) => !Object.values<string>(variables).includes(name))
    expect(
      others.map((name) => name.toLowerCase()).filter((name) => !/_proxy$/.test(name))
    ).toEqual(["node_tls_reject_unauthorized"])
  })

  it.effect("has the defaults of the environment for options that are left out", () =>
    Effect.gen(function* () {
      const required = {
        EVOLUTION_API_URL: evolution.url,
        EVOLUTION_API_KEY: Redacted.value(evolution.apiKey)
      }
      const written = yield* Effect.provide(AppConfig.everything, Settings.layer({ evolution }))
      expect(written).toEqual(
        yield* Effect.provide(AppConfig.everything, fromEnvironment(required))
      )
    })
  )

  it.scoped("reads no environment variable", () =>
    Effect.gen(function* () {
      const provider = ConfigProvider.fromMap(
        new Map([
          ["BACKFILL_LIMIT", "7"],
          ["HTTP_PROXY", "http://proxy.example.com:3128"]
        ])
      )
      const [limit, proxy] = yield* Effect.all([
        AppConfig.backfillLimit,
        AppConfig.evolutionProxy
      ]).pipe(
        Effect.provide(
          Settings.layer({ evolution: { ...evolution, url: "http://evolution.example.com" } })
        ),
        Effect.withConfigProvider(provider)
      )
      expect(limit).toBe(10_000)
      expect(Option.isNone(proxy)).toBe(true)
    })
  )

  it.scoped(
    "refuses every wrong option by the name that the program wrote, without its value",
    () =>
      Effect.gen(function* () {
        expect(
          yield* linesOf({
            evolution: {
              ...evolution,
              url: "ftp://somewhere",
              proxy: Redacted.make("socks5://a-secret:1")
            },
            backfillLimit: -1,
            queue: { maxMiB: 0.5 },
            http: { host: "0.0.0.0" }
          })
        ).toEqual([
          "evolution.url: Expected an http:// or https:// address",
          "queue.maxMiB: Expected an integer value",
          "backfillLimit: Expected 0 or more",
          "http.apiKey: Expected a key, as http.host is not loopback"
        ])
        const proxied = { ...evolution, proxy: Redacted.make("socks5://a-secret:1") }
        expect(yield* linesOf({ evolution: proxied })).toEqual([
          "evolution.proxy: It is a SOCKS proxy, which is not supported: set evolution.proxy to an HTTP proxy for Evolution, or evolution.proxy=off to use none"
        ])
      })
  )

  it.scoped.each<readonly [Partial<Settings.Options>, string]>([
    [
      { autoStart: { mode: "all", except: ["a,b"] } },
      "autoStart: Expected patterns without a comma"
    ],
    [
      { autoStart: { mode: "all", only: ["-a"] } },
      'autoStart: Expected patterns that do not begin with "-" in "only"'
    ],
    [
      { retention: { overrides: { "a=1 day,b": "2 days" } } },
      'retention: Expected patterns without a comma and "="'
    ],
    [
      { http: { streamOrigins: ["https://a.example.com,https://b.example.com"] } },
      "http.streamOrigins: Expected one origin in each item"
    ]
  ])("refuses an item that would be read as another list: %j", ([options, line]) =>
    Effect.gen(function* () {
      // The table's type has every option of a row in each row.
      expect(yield* linesOf({ evolution, ...options } as Settings.Options)).toEqual([line])
    })
  )

  it("refuses an option that does not exist: such a program does not compile", () => {
    // @ts-expect-error: it is `queue.maxMiB`
    const wrong = Settings.layer({ evolution, queue: { maxMib: 64 } })
    // @ts-expect-error: Evolution has an address
    const missing = Settings.layer({ evolution: { apiKey: evolution.apiKey } })
    expect([wrong, missing].every(Layer.isLayer)).toBe(true)
  })
})

describe("Settings.perSettings", () => {
  it.scoped("builds a layer once for each value of Settings", () =>
    Effect.gen(function* () {
      let built = 0
      const counted = Settings.perSettings(
        Layer.effectDiscard(Effect.map(AppConfig.backfillLimit, (limit) => (built += limit)))
      )
      const one = Settings.layer({ evolution, backfillLimit: 1 })
      const two = Settings.layer({ evolution, backfillLimit: 20 })
      yield* Layer.build(
        Layer.mergeAll(
          Layer.provide(counted, one),
          Layer.provide(counted, one),
          Layer.provide(counted, two)
        )
      )
      expect(built).toBe(21)
    })
  )
})
