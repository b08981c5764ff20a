import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Either } from "effect"
import { type AutoStart, autoStart } from "../../src/AppConfig/AutoStart.ts"

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

  it.effect.each(["perhaps", "shop-*", "-test-*", "all,", "all,-", "all,a;b"])(
    "refuses %s",
    (text) =>
      Effect.gen(function* () {
        const loaded = yield* Effect.either(load(text))
        expect(Either.isLeft(loaded)).toBe(true)
        expect(String(Either.getLeft(loaded))).not.toContain("undefined")
      })
  )
})
