import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Either } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"

const read = (text: string) =>
  Effect.either(
    ConfigProvider.fromMap(new Map([["EVENT_RETENTION", text]])).load(
      AppConfig.eventRetention.config
    )
  )

const given = (text: string) => Effect.map(read(text), Either.getOrThrow)

const refusalOf = (text: string) =>
  Effect.map(read(text), (result) =>
    Either.isLeft(result) ? AppConfig.explain(result.left) : "accepted"
  )

const days = (count: number) => Duration.days(count)

describe("EVENT_RETENTION", () => {
  it.effect("keeps every event forever by default", () =>
    Effect.gen(function* () {
      const forever = { general: null, overrides: [] }
      for (const text of ["", "forever"]) expect(yield* given(text)).toEqual(forever)
      const unset = yield* ConfigProvider.fromMap(new Map()).load(AppConfig.eventRetention.config)
      expect(unset).toEqual(forever)
    })
  )

  it.effect("has a general duration, and ordered overrides for instances and patterns", () =>
    Effect.gen(function* () {
      expect(yield* given("90 days")).toEqual({ general: days(90), overrides: [] })
      expect(yield* given(" 90 days , shop-1 = 7 days,test-*=1 day,legal_*=forever")).toEqual({
        general: days(90),
        overrides: [
          { pattern: "shop-1", keep: days(7) },
          { pattern: "test-*", keep: days(1) },
          { pattern: "legal_*", keep: null }
        ]
      })
      expect(yield* given("test-*=1 hour")).toEqual({
        general: null,
        overrides: [{ pattern: "test-*", keep: Duration.hours(1) }]
      })
    })
  )

  it.effect("is refused in one line that says the expected form", () =>
    Effect.gen(function* () {
      const refused: Readonly<Record<string, string>> = {
        "90": 'Expected a duration such as "90 days", or "forever"',
        "shop-1=90 days,": 'Expected a duration such as "90 days", or "forever"',
        "shop-1=": 'Expected a duration such as "90 days", or "forever"',
        "-1 days": "Expected 1 hour at the least and 36500 days at the most",
        "59 minutes": "Expected 1 hour at the least and 36500 days at the most",
        "99999999999 days": "Expected 1 hour at the least and 36500 days at the most",
        "90 days,80 days": "Expected one duration for all",
        "a=1 day,a=2 days": "Expected each pattern once",
        "a=b=1 day": 'Expected one "=" in each part',
        "a\\b=1 day": 'Expected an instance or a pattern such as "test-*" before "="',
        "=1 day": 'Expected an instance or a pattern such as "test-*" before "="'
      }
      for (const [text, why] of Object.entries(refused))
        expect(yield* refusalOf(text), text).toEqual([`EVENT_RETENTION: ${why}`])
    })
  )
})
