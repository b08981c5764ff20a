import { existsSync, readFileSync, statSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { anchorOf, codesIn, headingsOf, linksOf, pages, proseOf, read, root } from "./pages.ts"

const anchorsOf = (page: string) => headingsOf(page).map(anchorOf)

/** What is wrong with a link; nothing where it leads to another host. */
const faultOf = (page: string, link: string): string | undefined => {
  if (/^https?:/.test(link)) return undefined
  const [path = "", anchor] = link.split("#")
  const target = path === "" ? page : normalize(join(dirname(page), path))
  if (!existsSync(join(root, target))) return `${page}: ${link}: no such file`
  if (anchor !== undefined && !anchorsOf(target).includes(anchor))
    return `${page}: ${link}: no such heading`
  return undefined
}

describe("A link of the documentation", () => {
  it.each(pages)("leads to a file and a heading that exist, in %s", (page) => {
    expect(linksOf(page).flatMap((link) => faultOf(page, link) ?? [])).toEqual([])
  })

  it("is reported where it leads nowhere", () => {
    expect(faultOf("README.md", "docs/nowhere.md")).toContain("no such file")
    expect(faultOf("README.md", "docs/api.md#nowhere")).toContain("no such heading")
    expect(faultOf("docs/api.md", "#nowhere")).toContain("no such heading")
    expect(faultOf("docs/api.md", "#calls")).toBeUndefined()
  })

  it("leads from the README, or from the page with its folder's name, to every page", () => {
    const linked = new Set(
      ["README.md", "docs/events.md"].flatMap((page) =>
        linksOf(page).map((link) => normalize(join(dirname(page), link.split("#")[0] ?? "")))
      )
    )
    expect(pages.filter((page) => page !== "README.md" && !linked.has(page))).toEqual([])
  })

  it("leads from the table of contents to every section", () => {
    const sections = pages.flatMap((page) => {
      if (!page.startsWith("docs/") || page === "docs/README.md") return []
      const headings = [...proseOf(page).matchAll(/^## (.+)$/gm)].map(([, text = ""]) => text)
      return headings.map((heading) => `${page.replace("docs/", "")}#${anchorOf(heading)}`)
    })
    expect(sections.length).toBeGreaterThan(50)
    const linked = linksOf("docs/README.md").filter((link) => link.includes("#"))
    expect(linked).toEqual(expect.arrayContaining(sections))
    expect(linked).toHaveLength(sections.length)
  })

  it.each(pages.filter((page) => page !== "docs/README.md" && page.startsWith("docs/")))(
    "leads from the top of the page to each section, in %s",
    (page) => {
      const own = linksOf(page).filter((link) => link.startsWith("#"))
      const headings = [...proseOf(page).matchAll(/^## (.+)$/gm)].map(([, text = ""]) => text)
      expect(own).toEqual(expect.arrayContaining(headings.map((text) => `#${anchorOf(text)}`)))
    }
  )
})

describe("A page of the documentation", () => {
  it.each(pages)("keeps its limit of lines: %s", (page) => {
    const limit = page === "README.md" ? 200 : 250
    expect(read(page).trimEnd().split("\n").length).toBeLessThanOrEqual(limit)
  })

  /** Paths as code, and at the ends of commands. */
  const paths = (page: string) =>
    [...codesIn(proseOf(page)), ...read(page).split(/\s/)].filter(
      (word) => /^(?:src|test|ops|docs|\.ci|\.github)\/[\w./-]+$/.test(word) && !/NNNN/.test(word)
    )

  it.each(pages)("names files that exist: %s", (page) => {
    const missing = paths(page).filter(
      (path) => !existsSync(join(root, path)) && !existsSync(join(root, `${path}.ts`))
    )
    expect(missing).toEqual([])
  })

  it("names files, or the test before checks nothing", () => {
    expect(pages.flatMap(paths).length).toBeGreaterThan(20)
  })

  it("names npm scripts that exist", () => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"))
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name = ""]) => name)
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })

  it("shows pictures that are whole", () => {
    const pictures = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => /\.(?:png|svg)$/.test(link))
        .map((link) => join(root, dirname(page), link))
    )
    expect(pictures.length).toBeGreaterThan(3)
    for (const picture of pictures) {
      expect(statSync(picture).size, picture).toBeGreaterThan(1000)
      expect(readFileSync(picture).subarray(0, 4).toString("latin1")).toMatch(/PNG|<svg|<\?xm/)
    }
  })
})
