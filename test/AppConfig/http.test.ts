import { describe, expect, it } from "@effect/vitest"
import { type Config, ConfigProvider, Effect, Option, Redacted } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"

const read = <A>(setting: Config.Config<A>, variables: Readonly<Record<string, string>>) =>
  ConfigProvider.fromMap(new Map(Object.entries(variables))).load(setting)

const refusal = <A>(setting: Config.Config<A>, variables: Readonly<Record<string, string>>) =>
  Effect.map(Effect.flip(read(setting, variables)), AppConfig.explain)

describe("STREAM_ORIGINS", () => {
  it.effect("is a list of origins, of which * is all, and is empty by default", () =>
    Effect.gen(function* () {
      expect(yield* read(AppConfig.streamOrigins.config, {})).toEqual([])
      for (const [text, origins] of [
        ["*", ["*"]],
        ["https://app.example.com", ["https://app.example.com"]],
        [" https://a.example , http://b.example:81", ["https://a.example", "http://b.example:81"]],
        ["*, https://a.example", ["*", "https://a.example"]]
      ] as const)
        expect(yield* read(AppConfig.streamOrigins.config, { STREAM_ORIGINS: text })).toEqual(
          origins
        )
    })
  )

  it.effect("is refused if one of them is no origin", () =>
    Effect.gen(function* () {
      for (const part of ["app.example.com", "https://a.example/", "https://a.example/x", "**", ""])
        for (const text of [`https://b.example,${part}`, `${part},*`])
          expect(
            yield* refusal(AppConfig.streamOrigins.config, { STREAM_ORIGINS: text }),
            text
          ).toEqual([
            "STREAM_ORIGINS: Expected origins such as https://app.example.com with commas between, or *"
          ])
    })
  )
})

describe("EVENT_OMIT", () => {
  it.effect("is a list of parts, and is empty by default", () =>
    Effect.gen(function* () {
      for (const text of ["", " ", ","])
        expect(yield* read(AppConfig.eventOmit.config, { EVENT_OMIT: text })).toEqual(new Set())
      expect(yield* read(AppConfig.eventOmit.config, {})).toEqual(new Set())
      for (const text of ["media_keys", " media_keys , media_keys,"])
        expect(yield* read(AppConfig.eventOmit.config, { EVENT_OMIT: text })).toEqual(
          new Set(["media_keys"])
        )
    })
  )

  it.effect("is refused with another part in it", () =>
    Effect.gen(function* () {
      for (const text of ["all", "media_keys,all", "all,media_keys", "media keys"])
        expect(yield* refusal(AppConfig.eventOmit.config, { EVENT_OMIT: text })).toEqual([
          "EVENT_OMIT: Expected media_keys, or nothing"
        ])
    })
  )
})

describe("PUBLIC_URL", () => {
  it.effect("gives the path of the pages, which is / without it", () =>
    Effect.gen(function* () {
      expect(yield* read(AppConfig.basePath.config, {})).toBe("/")
      for (const [url, path] of [
        ["https://example.com", "/"],
        ["https://example.com/listener", "/listener/"],
        ["https://example.com/a/b/", "/a/b/"]
      ] as const)
        expect(yield* read(AppConfig.basePath.config, { PUBLIC_URL: url })).toBe(path)
    })
  )
})

describe("DATABASE_URL", () => {
  it.effect("is refused in the words of its reader", () =>
    Effect.gen(function* () {
      expect(yield* refusal(AppConfig.databaseUrl.config, { DATABASE_URL: "h" })).toEqual([
        "DATABASE_URL: Expected an address such as postgresql://user:password@host:5432/name"
      ])
    })
  )
})

describe("the headers for the receiver of traces", () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://receiver:4318" }

  it.effect("are names with values, and each needs both", () =>
    Effect.gen(function* () {
      const given = { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: " a=1, x-b = c%20d=e " }
      const traces = Option.getOrThrow(yield* read(AppConfig.traces.config, given))
      expect(Redacted.value(traces.headers)).toEqual({ a: "1", "x-b": "c d=e" })
      for (const wrong of ["a", "=1", "a=", "a=1,b", "a b=1", "a=%zz", "a=é"])
        expect(
          yield* refusal(AppConfig.traces.config, {
            ...endpoint,
            OTEL_EXPORTER_OTLP_HEADERS: wrong
          })
        ).toEqual(["OTEL_EXPORTER_OTLP_HEADERS: Expected name=value,name=value"])
    })
  )
})
