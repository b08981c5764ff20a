import { describe, expect, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { autoStartOf } from "../../../src/AppConfig.ts"
import { matches, policy } from "../../../src/Listening/AutoStart/Policy.ts"
import { keptDefaultsOf } from "../../support/doubles.ts"
import { settings } from "../../support/settings.ts"

/** The policy, and the lines that it logs. */
const read = (
  variables: Readonly<Record<string, string>>,
  kept: Readonly<Record<string, string>> = {}
) => {
  const logged: Array<string> = []
  const logger = Logger.make(({ message }) => logged.push(String(message)))
  return Effect.map(policy, (found) => ({ found, logged })).pipe(
    Effect.provide([
      keptDefaultsOf(kept),
      settings(variables),
      Logger.replace(Logger.defaultLogger, logger)
    ])
  )
}

describe("the policy of AUTO_START", () => {
  it.effect("listens to all instances by default, and says nothing", () =>
    Effect.gen(function* () {
      expect(yield* read({})).toEqual({ found: autoStartOf("all"), logged: [] })
    })
  )

  it.effect("keeps what the version before did for its database, and says so in one line", () =>
    Effect.gen(function* () {
      const { found, logged } = yield* read({}, { AUTO_START: "created" })
      expect(found).toEqual(autoStartOf("created"))
      expect(logged).toHaveLength(1)
      expect(logged[0]).toContain("AUTO_START=all")
    })
  )

  it.effect.each(["all", "created", "off"] as const)(
    "follows the setting %s and says nothing",
    (mode) =>
      Effect.gen(function* () {
        const { found, logged } = yield* read({ AUTO_START: mode }, { AUTO_START: "created" })
        expect([found, logged]).toEqual([autoStartOf(mode), []])
      })
  )
})

describe("the patterns of AUTO_START", () => {
  it.each([
    ["every name without patterns", {}, "shop-1", true],
    ["a name that a pattern includes", { only: ["shop-*"] }, "shop-1", true],
    ["no other name then", { only: ["shop-*"] }, "bar-1", false],
    ["no name that a pattern leaves out", { except: ["test-*"] }, "test-1", false],
    ["every other name then", { except: ["test-*"] }, "shop-1", true],
    [
      "no name that is included and left out",
      { only: ["shop-*"], except: ["*-1"] },
      "shop-1",
      false
    ],
    ["a whole name alone", { only: ["shop"] }, "shop-1", false]
  ])("let through %s", (_, patterns, name, expected) => {
    expect(matches({ mode: "all", only: [], except: [], ...patterns })(name)).toBe(expected)
  })
})
