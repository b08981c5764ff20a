import { describe, expect, it } from "@effect/vitest"
import { type Config, ConfigProvider, Effect, Either, Option, Redacted } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"
import { everySetting } from "../support/everySetting.ts"

const load = <A>(config: Config.Config<A>, variables: Readonly<Record<string, string>>) =>
  Effect.either(ConfigProvider.fromMap(new Map(Object.entries(variables))).load(config))

const traces = (variables: Readonly<Record<string, string>>) =>
  load(AppConfig.traces.config, variables)

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/otlp" }

describe("the receiver of traces", () => {
  it.effect("is none without an endpoint", () =>
    Effect.gen(function* () {
      for (const variables of [
        {},
        { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
        { OTEL_EXPORTER_OTLP_HEADERS: "a=b" }
      ])
        expect(yield* traces(variables)).toEqual(Either.right(Option.none()))
    })
  )

  it.effect("has an address, and headers that are not printed", () =>
    Effect.gen(function* () {
      const given = {
        ...endpoint,
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20sesame, x-b=1=2,x-c = %20c "
      }
      const found = Option.getOrThrow(yield* Effect.flatten(traces(given)))
      expect(found.endpoint.href).toBe("http://collector:4318/otlp/")
      expect(Redacted.value(found.headers)).toEqual({
        authorization: "Bearer sesame",
        "x-b": "1=2",
        "x-c": " c"
      })
      expect(JSON.stringify(found)).not.toContain("sesame")
      const bare = Option.getOrThrow(yield* Effect.flatten(traces(endpoint)))
      expect(Redacted.value(bare.headers)).toEqual({})
    })
  )

  it.effect("is refused in one line, without its value, when it is malformed", () =>
    Effect.gen(function* () {
      for (const wrong of [
        { OTEL_EXPORTER_OTLP_ENDPOINT: "sesame:4318" },
        { OTEL_EXPORTER_OTLP_ENDPOINT: "http://user:sesame@collector" },
        { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: "sesame" },
        { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: "a=sesame,b" },
        { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: "a=%sesame" },
        { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: "a b=sesame" },
        { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: "a=sesam\u00e9" }
      ]) {
        const loaded = yield* traces(wrong)
        const lines = Either.isLeft(loaded) ? AppConfig.explain(loaded.left) : []
        expect(lines, JSON.stringify(wrong)).toHaveLength(1)
        expect(lines[0]).toMatch(/^OTEL_EXPORTER_OTLP_\w+: Expected /)
        expect(lines[0]).not.toContain("sesame")
      }
    })
  )
})

describe("NODE_TLS_REJECT_UNAUTHORIZED", () => {
  it.effect("turns the check of certificates off with 0 alone, as in Node", () =>
    Effect.gen(function* () {
      const verified = (variables: Readonly<Record<string, string>>) =>
        Effect.flatten(load(AppConfig.isTlsVerified.config, variables))
      expect(yield* verified({})).toBe(true)
      for (const [text, expected] of [
        ["0", false],
        ["1", true],
        ["false", true]
      ] as const)
        expect(yield* verified({ NODE_TLS_REJECT_UNAUTHORIZED: text }), text).toBe(expected)
    })
  )
})

describe("METRICS_PER_INSTANCE", () => {
  it.effect("is off by default", () =>
    Effect.gen(function* () {
      const of = (variables: Readonly<Record<string, string>>) =>
        Effect.flatten(load(AppConfig.metricsPerInstance.config, variables))
      expect(yield* of({})).toBe(false)
      expect(yield* of({ METRICS_PER_INSTANCE: "true" })).toBe(true)
      expect(
        Either.isLeft(
          yield* load(AppConfig.metricsPerInstance.config, { METRICS_PER_INSTANCE: "some" })
        )
      ).toBe(true)
    })
  )
})

describe("the settings as a whole", () => {
  it.effect("report these with the other wrong settings", () =>
    Effect.gen(function* () {
      const loaded = yield* load(everySetting, {
        EVOLUTION_API_URL: "http://localhost:8080",
        EVOLUTION_API_KEY: "key",
        METRICS_PER_INSTANCE: "some",
        OTEL_EXPORTER_OTLP_ENDPOINT: "nowhere"
      })
      const lines = Either.isLeft(loaded) ? AppConfig.explain(loaded.left) : []
      expect(lines.map((line) => line.split(":")[0]).sort()).toEqual([
        "METRICS_PER_INSTANCE",
        "OTEL_EXPORTER_OTLP_ENDPOINT"
      ])
    })
  )
})
