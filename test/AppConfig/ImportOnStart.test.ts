import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Option } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"

const read = (text?: string) =>
  ConfigProvider.fromMap(
    new Map(text === undefined ? [] : [["IMPORT_ON_START", text] as const])
  ).load(AppConfig.importOnStart.config)

describe("IMPORT_ON_START", () => {
  it.effect.each([
    ["24h", Duration.hours(24)],
    ["24 hours", Duration.hours(24)],
    [" 90m ", Duration.minutes(90)],
    ["7d", Duration.days(7)],
    ["2 weeks", Duration.weeks(2)]
  ] as const)("takes %s", ([text, stretch]) =>
    Effect.gen(function* () {
      expect(yield* read(text)).toEqual(Option.some(stretch))
    })
  )

  it.effect.each([undefined, "off", "Off", " off "])("imports nothing for %s", (text) =>
    Effect.gen(function* () {
      expect(yield* read(text)).toEqual(Option.none())
    })
  )

  it.effect.each([
    "24",
    "0h",
    "-1 day",
    "all",
    "true",
    "30 seconds",
    "400 weeks 1",
    "9999d",
    "x24h"
  ])("refuses %s and says what it takes", (text) =>
    Effect.gen(function* () {
      const [line] = AppConfig.explain(yield* Effect.flip(read(text)))
      expect(line).toBe('IMPORT_ON_START: Expected a time such as "24h" or "7 days", or "off"')
    })
  )
})
