import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { type AutoStart, autoStart, isAutoStartSet } from "../../src/AppConfig/AutoStart.ts"
import { explain } from "../../src/AppConfig.ts"

const load = (text?: string) =>
  ConfigProvider.fromMap(new Map(text === undefined ? [] : [["AUTO_START", text]])).load(autoStart)

const everyName = { only: [], except: [] }

describe("AUTO_START", () => {
  it.effect.each<readonly [string, AutoStart]>([
    ["all", { mode: "all", ...everyName }],
    ["created", { mode: "created", ...everyName }],
    ["off", { mode: "off", ...everyName }],
    ["ALL", { mode: "all", ...everyName }],
    ["all,-test-*", { mode: "all", only: [], except: ["test-*"] }],
    ["created,shop-*", { mode: "created", only: ["shop-*"], except: [] }],
    [
      "all, shop-*, -shop-1 ,-*-old",
      { mode: "all", only: ["shop-*"], except: ["shop-1", "*-old"] }
    ],
    // The words of a boolean, which the setting was.
    ["true", { mode: "created", ...everyName }],
    ["yes", { mode: "created", ...everyName }],
    ["on", { mode: "created", ...everyName }],
    ["1", { mode: "created", ...everyName }],
    ["false", { mode: "off", ...everyName }],
    ["no", { mode: "off", ...everyName }],
    ["0", { mode: "off", ...everyName }]
  ])("reads %s", ([text, expected]) =>
    Effect.gen(function* () {
      expect(yield* load(text)).toEqual(expected)
    })
  )

  it.effect.each(["", undefined])("is all with the value %s", (text) =>
    Effect.gen(function* () {
      expect(yield* load(text)).toEqual({ mode: "all", ...everyName })
    })
  )

  const word = 'Expected "all", "created" or "off", and then patterns such as "-test-*"'
  const pattern = 'Expected instances or patterns such as "shop-*" or "-test-*" after the first ","'

  it.effect.each([
    ["perhaps", word],
    ["shop-*", word],
    ["-test-*", word],
    ["all,", pattern],
    ["all,-", pattern],
    ["all,a\\b", pattern],
    ["all,\\b", pattern],
    ["all,shop-*,-a\\", pattern]
  ])("refuses %s and says the expected form", ([text, why]) =>
    Effect.gen(function* () {
      expect(explain(yield* Effect.flip(load(text)))).toEqual([`AUTO_START: ${why}`])
    })
  )

  it.effect("tells whether it was set, as its default has grown", () =>
    Effect.gen(function* () {
      const isSet = (variables: ReadonlyArray<readonly [string, string]>) =>
        ConfigProvider.fromMap(new Map(variables)).load(isAutoStartSet)
      expect(yield* isSet([["AUTO_START", "all"]])).toBe(true)
      expect(yield* isSet([["AUTO_START", ""]])).toBe(false)
      expect(yield* isSet([])).toBe(false)
    })
  )
})
