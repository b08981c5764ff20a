import { readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { SchemaAST } from "effect"
import * as EventCatalog from "../../src/Domain/EventCatalog.ts"
import { fieldsOf } from "./eventFields.ts"
import { eventPages } from "./events.ts"
import { headingsOf, read, root } from "./pages.ts"

const pages = eventPages()

describe("The pages about events", () => {
  it.each([...pages.keys()])("are as the catalogue says: %s", (page) => {
    expect(read(page), "run: node --import tsx test/Readme/events.ts").toBe(pages.get(page))
  })

  it("have every event, each once", () => {
    const headings = [...pages.keys()].flatMap(headingsOf)
    const events = headings.filter((heading) => EventCatalog.names.some((name) => name === heading))
    expect(events.sort()).toEqual([...EventCatalog.names].sort())
  })

  it("are all made by the program", () => {
    const files = readdirSync(join(root, "docs/events")).map((name) => `docs/events/${name}`)
    expect([...pages.keys()].filter((page) => page !== "docs/events.md").sort()).toEqual(
      files.sort()
    )
  })

  it.each(EventCatalog.names)("say what each field of %s means", (event) => {
    const { ast } = EventCatalog.entries[event].schema
    const told = new Set(fieldsOf(ast).map(({ path }) => path.replace("?", "")))
    const named = (one: SchemaAST.AST): ReadonlyArray<string> =>
      SchemaAST.isTypeLiteral(one)
        ? one.propertySignatures.map(({ name }) => String(name))
        : SchemaAST.isUnion(one)
          ? one.types.flatMap(named)
          : SchemaAST.isTupleType(one)
            ? one.rest.flatMap(({ type }) => named(type))
            : []
    expect(named(ast).filter((name) => !told.has(name))).toEqual([])
  })
})
