import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"
import { settingNames } from "../support/settingNames.ts"

const root = join(import.meta.dirname, "../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")
const readme = read("README.md")

/** The rows under a heading, cell by cell, without what marks code. */
const tableAfter = (heading: string): ReadonlyArray<ReadonlyArray<string>> => {
  const from = readme.indexOf(heading)
  const text = readme.slice(from + heading.length).replace(/^[^\n]*\n/, "")
  const end = text.search(/^(?!\|)/m)
  return text
    .slice(0, end)
    .trim()
    .split("\n")
    .slice(1)
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim())
    )
}

const codes = (cell: string): ReadonlyArray<string> =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code)

/** Each variable with its default: text that may be set, or `undefined` where there is none. */
const settings = tableAfter("| variable | default |").flatMap(([names = "", defaults = ""]) => {
  const texts = codes(defaults)
  return codes(names).map((name, index) => [name, texts[index]] as const)
})

const required = { EVOLUTION_API_URL: "http://localhost:8080", EVOLUTION_API_KEY: "a-key" }

const load = (variables: Readonly<Record<string, string>>) =>
  ConfigProvider.fromMap(new Map(Object.entries({ ...required, ...variables }))).load(
    AppConfig.everything
  )

/** Node reads them by itself. */
const ofNode = ["NODE_EXTRA_CA_CERTS"]

describe("the README's table of settings", () => {
  it("has every variable that is read, and no other", () => {
    const names = settings.map(([name]) => name)
    expect([...names].sort()).toEqual([...settingNames, ...ofNode].sort())
    expect(new Set(names).size).toBe(names.length)
  })

  it.effect("has each default: what is so when nothing is set", () =>
    Effect.gen(function* () {
      const unset = yield* load({})
      const defaults = settings.filter(([, text]) => text !== undefined)
      expect(defaults.length).toBeGreaterThan(9)
      for (const [name, text = ""] of defaults)
        expect(yield* load({ [name]: text }), name).toEqual(unset)
    })
  )

  it.effect("says of the required ones that they are", () =>
    Effect.gen(function* () {
      const rows = tableAfter("| variable | default |")
      const asked = rows
        .filter(([, text]) => text === "required")
        .flatMap(([names = ""]) => codes(names))
      expect(asked).toEqual(Object.keys(required))
      const error = yield* Effect.flip(ConfigProvider.fromMap(new Map()).load(AppConfig.everything))
      expect(AppConfig.explain(error)).toEqual(asked.map((name) => `${name}: not set`))
    })
  )
})

describe("the README's table of dependencies", () => {
  it("gives a reason for each package that is installed with this one, and for no other", () => {
    const manifest: { readonly dependencies: object } = JSON.parse(read("package.json"))
    const rows = tableAfter("| package | what for |")
    const named = rows.flatMap(([names = ""]) => codes(names))
    const optional = rows.filter(([names = ""]) => names.includes("optional"))
    const expected = [
      ...Object.keys(manifest.dependencies),
      ...optional.flatMap(([names = ""]) => codes(names))
    ]
    expect([...named].sort()).toEqual(expected.sort())
    for (const [, reason = ""] of rows) expect(reason.length).toBeGreaterThan(10)
  })
})
