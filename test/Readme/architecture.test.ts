import { readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { codesIn, read, root, sectionOf, tablesOf } from "./pages.ts"

const page = "docs/architecture.md"

const entries = readdirSync(join(root, "src"), { withFileTypes: true })
const sources = (path: string) =>
  readdirSync(join(root, path)).filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))

/** The tree as lines of `folder` and the files in it; the folder of the top is empty. */
const tree = () => {
  const [, text = ""] = /```\n(src\/[\s\S]*?)```/.exec(sectionOf(page, "## The tree")) ?? []
  let folder = ""
  return text.split("\n").flatMap((line) => {
    const [, indent = "", name = ""] = /^( *)([\w-]+)\/(?:\s|$)/.exec(line) ?? []
    if (name !== "" && indent.length === 2) folder = name
    if (/^ {2}\w[\w.]*\.ts/.test(line)) folder = ""
    return [...line.matchAll(/\b[\w-]+\.ts\b/g)].map(([file]) => join(folder, file))
  })
}

describe("The page about the architecture", () => {
  it("has every facade in its tree, and no file that is not there", () => {
    const facades = entries.flatMap((entry) =>
      entry.isDirectory()
        ? sources(`src/${entry.name}`).map((name) => join(entry.name, name))
        : entry.name.endsWith(".ts")
          ? [entry.name]
          : []
    )
    const inside = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name))
    const own = facades.filter((path) => !/^AppConfig\//.test(path))
    expect(inside.size).toBeGreaterThan(9)
    expect(tree().sort()).toEqual(own.sort())
  })

  it("puts each district on the floor that the import law puts it on", () => {
    const [, law = ""] =
      /const floors[^=]*= (\[[\s\S]*?\n\])/.exec(read("test/ImportLaw.test.ts")) ?? []
    const floors: ReadonlyArray<ReadonlyArray<string>> = JSON.parse(law)
    expect(floors.length).toBeGreaterThan(5)
    const rows = tablesOf(sectionOf(page, "## Districts and floors"), "| floor |")
    const documented = rows.flatMap(([floor, names = ""]) =>
      codesIn(names).map((name) => `${floor} ${name}`)
    )
    const expected = floors.flatMap((names, index) => names.map((name) => `${index + 1} ${name}`))
    expect(documented.sort()).toEqual(expected.sort())
  })
})
