import { OpenApi } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { WhatsAppState } from "../../src/Domain/Instance.ts"
import { NoCode } from "../../src/Domain/Pairing.ts"
import { UserAction } from "../../src/Domain/Status.ts"
import * as Errors from "../../src/Http/Api/Errors.ts"
import { Api } from "../../src/Http/Api.ts"
import { codesIn, examplesOf, pages, read, sectionOf, tablesOf } from "./pages.ts"

const page = "docs/api.md"
/** The pages that have a section about calls. */
const pagesOfCalls = [page, "docs/endpoints.md"]
const rowsOfCalls = () =>
  pagesOfCalls.flatMap((one) => tablesOf(sectionOf(one, "## Calls"), "| call |"))

const Operation = Schema.Struct({
  parameters: Schema.Array(Schema.Struct({ name: Schema.String, in: Schema.String })),
  responses: Schema.Record({ key: Schema.String, value: Schema.Unknown })
})
const Description = Schema.Struct({
  paths: Schema.Record({
    key: Schema.String,
    value: Schema.Record({ key: Schema.String, value: Operation })
  }),
  components: Schema.Struct({
    schemas: Schema.Record({ key: Schema.String, value: Schema.Unknown })
  })
})
const Tagged = Schema.Struct({
  properties: Schema.Struct({ _tag: Schema.Struct({ enum: Schema.Tuple(Schema.String) }) })
})
const Union = Schema.Struct({ anyOf: Schema.Array(Tagged) })

const { components, paths } = Schema.decodeUnknownSync(Description)(OpenApi.fromApi(Api))

const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    call: `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`,
    operation
  }))
)
const calls = operations.map(({ call }) => call)

/** A command line of curl as method and path. */
const requestOf = (line: string): string => {
  const [, path = ""] = /localhost:8000([^\s"?]*)/.exec(line) ?? []
  const method = /-X (\w+)/.exec(line)?.[1] ?? (line.includes("--json") ? "POST" : "GET")
  return `${method} ${path}`
}

const isExampleOf = (call: string) => {
  const expression = new RegExp(`^${call.replaceAll(/:\w+/g, "[^/]+")}$`)
  return (request: string) => expression.test(request)
}

describe("The page about the API", () => {
  it("has a row for every call, and for no other", () => {
    const rows = rowsOfCalls().flatMap(([cell = ""]) => codesIn(cell))
    const named = new Set(rows.map((row) => row.replace(/\?.*$/, "")))
    expect([...named].sort()).toEqual([...calls].sort())
  })

  it("states the status of an answer as the API has it", () => {
    const rows = rowsOfCalls().flatMap(([cell = "", , answer = ""]) => {
      const [, status = "200"] = /^(2\d\d)\b/.exec(answer) ?? []
      return codesIn(cell).map((call) => [call.replace(/\?.*$/, ""), status] as const)
    })
    const stated = rows.filter(([call]) => !call.endsWith("/stream"))
    expect(stated.length).toBeGreaterThan(25)
    for (const [call, status] of stated) {
      const { responses = {} } = operations.find((one) => one.call === call)?.operation ?? {}
      expect(
        Object.keys(responses).filter((code) => code.startsWith("2")),
        call
      ).toEqual([status])
    }
  })

  it("has an example of every call, and each example is a call", () => {
    const requests = pagesOfCalls.flatMap(examplesOf).map(requestOf)
    expect(calls.filter((call) => !requests.some(isExampleOf(call)))).toEqual([])
    const all = pages.flatMap(examplesOf).map(requestOf)
    expect(all.length).toBeGreaterThan(requests.length)
    expect(all.filter((request) => !calls.some((call) => isExampleOf(call)(request)))).toEqual([])
  })

  it("names every parameter of a query", () => {
    const text = pagesOfCalls.map(read).join("\n")
    const names = operations.flatMap(({ operation }) =>
      operation.parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name)
    )
    expect(new Set(names).size).toBeGreaterThan(8)
    const isNamed = (name: string) => new RegExp(`[\`?&]${name}[\`=]`).test(text)
    expect(names.filter((name) => !isNamed(name))).toEqual([])
  })

  it("gives every value of a status, and every reason for having no code", () => {
    const status = sectionOf("docs/instances.md", "## The status of an instance")
    const actions = tablesOf(status, "| `userAction` |").flatMap(([cell = ""]) => codesIn(cell))
    expect([...actions].sort()).toEqual([...UserAction.literals].sort())
    const states = Schema.decodeUnknownSync(Union)(components.schemas.ListenerState)
    const tags = states.anyOf.map(({ properties }) => properties._tag.enum[0])
    expect(tags).toHaveLength(5)
    for (const tag of tags) expect(status).toContain(`\`${tag}\``)
    for (const state of WhatsAppState.literals) expect(status).toContain(`\`${state}\``)
    const reasons = tablesOf(sectionOf(page, "## Why there is no code"), "| `reason` |")
    expect(reasons.flatMap(([cell = ""]) => codesIn(cell)).sort()).toEqual(
      [...NoCode.literals].sort()
    )
  })
})

const tagIn = Schema.decodeUnknownOption(Tagged)

/** Each tag with the statuses that its errors have in the API's description. */
const described = (() => {
  const found = new Map<string, Set<string>>()
  for (const { operation } of operations)
    for (const [status, response] of Object.entries(operation.responses)) {
      if (Number(status) < 400) continue
      for (const [, name = ""] of JSON.stringify(response).matchAll(
        /#\/components\/schemas\/(\w+)/g
      )) {
        const tag = tagIn(components.schemas[name])
        if (tag._tag === "None") continue
        const [text] = tag.value.properties._tag.enum
        found.set(text, (found.get(text) ?? new Set()).add(status))
      }
    }
  return found
})()

describe("The table of errors", () => {
  const rows = tablesOf(sectionOf(page, "## Errors"), "| `_tag` |")
  const statuses = new Map(
    rows.flatMap(([tags = "", status = ""]) =>
      codesIn(tags).map((tag) => [tag, status.split(", ")] as const)
    )
  )

  it("gives each error of the API with its statuses", () => {
    expect(described.size).toBeGreaterThan(12)
    for (const [tag, expected] of described)
      expect(statuses.get(tag)?.slice().sort(), tag).toEqual([...expected].sort())
  })

  it("has the errors that are not of one call, and no other", () => {
    const own = Object.keys(Errors)
    expect(own).toContain("InternalError")
    expect([...statuses.keys()].sort()).toEqual(
      [...new Set([...described.keys(), ...own, "NotServing"])].sort()
    )
  })
})
