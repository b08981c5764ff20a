import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"
import { latest } from "../../src/Storage/migrations.ts"
import { everySetting } from "../support/everySetting.ts"
import { settingNames } from "../support/settingNames.ts"
import { codesIn, read, tablesOf } from "./pages.ts"

const operations = read("docs/operations.md")
const settingRows = tablesOf(operations, "| variable |")
const dependencyRows = tablesOf(operations, "| package |")

/** Each variable with its default: text that may be set, or `undefined` where there is none. */
const settings = settingRows.flatMap(([names = "", defaults = ""]) => {
  const texts = codesIn(defaults)
  return codesIn(names).map((name, index) => [name, texts[index]] as const)
})

const required = { EVOLUTION_API_URL: "http://localhost:8080", EVOLUTION_API_KEY: "a-key" }

const load = (variables: Readonly<Record<string, string>>) =>
  ConfigProvider.fromMap(new Map(Object.entries({ ...required, ...variables }))).load(everySetting)

/** Node itself reads these. */
const ofNode = ["NODE_EXTRA_CA_CERTS"]

describe("The table of settings", () => {
  it("names every variable that the settings read, and no other", () => {
    const names = settings.map(([name]) => name)
    expect([...names].sort()).toEqual([...settingNames, ...ofNode].sort())
    expect(new Set(names).size).toBe(names.length)
  })

  it.effect("gives each default: to set it is the same as to set nothing", () =>
    Effect.gen(function* () {
      const unset = yield* load({})
      const defaults = settings.filter(([, text]) => text !== undefined)
      expect(defaults.length).toBeGreaterThan(9)
      for (const [name, text = ""] of defaults)
        expect(yield* load({ [name]: text }), name).toEqual(unset)
    })
  )

  it.effect("names the required variables as those that a start without them reports", () =>
    Effect.gen(function* () {
      const asked = settingRows
        .filter(([, text]) => text === "required")
        .flatMap(([names = ""]) => codesIn(names))
      expect(asked).toEqual(Object.keys(required))
      const error = yield* Effect.flip(ConfigProvider.fromMap(new Map()).load(everySetting))
      expect(AppConfig.explain(error)).toEqual(asked.map((name) => `${name}: not set`))
    })
  )
})

describe("The example of --check", () => {
  it("counts the migrations that there are", () => {
    expect(operations).toContain(`behind: 1 of ${latest} are pending`)
  })
})

describe("The table of dependencies", () => {
  it("gives a reason for each package that is installed with this one, and for no other", () => {
    const manifest: { readonly dependencies: object; readonly peerDependencies: object } =
      JSON.parse(read("package.json"))
    const named = dependencyRows.flatMap(([names = ""]) => codesIn(names))
    const expected = [
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.peerDependencies)
    ]
    expect([...named].sort()).toEqual(expected.sort())
    for (const [, reason = ""] of dependencyRows) expect(reason.length).toBeGreaterThan(10)
  })
})
