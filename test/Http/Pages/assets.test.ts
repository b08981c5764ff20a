import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { dictionaries } from "../../../src/Http/Pages/words.js"

const folder = join(import.meta.dirname, "../../../src/Http/Pages")
const english: Readonly<Record<string, string>> = dictionaries.en ?? {}

const files = readdirSync(folder)
  .filter((name) => /\.(css|html|js|svg)$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }))
const html = files.filter(({ name }) => name.endsWith(".html"))
const css = files.filter(({ name }) => name.endsWith(".css"))
const modules = files.filter(({ name }) => name.endsWith(".js"))

/** The code of a module without its comments. */
const codeOf = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/ .*$/gm, "$1")

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)]

describe("the files of the pages", () => {
  it("name no other host", () => {
    const allowed = ["http://www.w3.org/2000/svg"]
    for (const { name, text } of files) {
      const found = matches(
        name.endsWith(".js") ? codeOf(text) : text,
        /\b(?:https?|wss?):\/\/[^\s"'`]*/g
      )
      expect(
        found.map(([address]) => address).filter((one) => !allowed.includes(one)),
        name
      ).toEqual([])
    }
  })

  it("are small: nobody has to scroll through one for long", () => {
    for (const { name, text } of files)
      expect(text.split("\n").length, name).toBeLessThanOrEqual(250)
  })
})

describe("the HTML", () => {
  it("has no script, no style and no handler of its own, which the policy would refuse", () => {
    for (const { name, text } of html) {
      expect(text, name).not.toMatch(/\sstyle\s*=|\son\w+\s*=|<style|javascript:/i)
      for (const [script] of matches(text, /<script[^>]*>[\s\S]*?<\/script>/g))
        expect(script, name).toMatch(/^<script type="module" src="\/pages\/[\w-]+\.js"><\/script>$/)
    }
  })

  it("begins as the server expects it, so that the language can be put in", () => {
    for (const { name, text } of html)
      expect(matches(text, /<html lang="en">/g).length, name).toBe(1)
  })

  it("asks only for files that are there", () => {
    const there = new Set(files.map(({ name }) => `/pages/${name}`))
    for (const { name, text } of html)
      for (const [, path = ""] of matches(text, /(?:src|href)="([^"]+)"/g))
        if (path.startsWith("/pages/")) expect(there.has(path), `${name}: ${path}`).toBe(true)
  })

  it("has the English texts of the dictionary until the page sets its own language", () => {
    for (const { name, text } of html) {
      const marked = matches(text, /data-word="(\w+)"[^>]*>([^<]*)</g)
      expect(marked.length, name).toBeGreaterThan(0)
      for (const [, word = "", said] of marked) expect(english[word], `${name}: ${word}`).toBe(said)
    }
  })

  it("marks nothing with a word that does not exist", () => {
    for (const { name, text } of html)
      for (const [, word = ""] of matches(text, /data-(?:word|label|placeholder)="([^"]*)"/g))
        expect(english[word], `${name}: ${word}`).toBeDefined()
  })

  it("has every element once that a module looks for", () => {
    for (const { name, text } of html) {
      const ids = matches(text, /\sid="([^"]+)"/g).map(([, id]) => id)
      expect(ids.length, name).toBe(new Set(ids).size)
      const own = modules.find((one) => one.name === name.replace(".html", ".js"))
      for (const [, id] of matches(own?.text ?? "", /byId\("([^"]+)"/g))
        expect(ids, `${name}: ${id}`).toContain(id)
    }
  })

  it("says in each language that it needs JavaScript", () => {
    for (const { name, text } of html) {
      const without = /<noscript>([\s\S]*?)<\/noscript>/.exec(text)?.[1] ?? ""
      for (const language of Object.keys(dictionaries))
        expect(without, `${name} ${language}`).toContain(`lang="${language}"`)
    }
  })
})

describe("the modules", () => {
  it("never make HTML or code out of text", () => {
    const dangerous =
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTML|srcdoc|\beval\(|new Function|setAttribute\("on|\.style\b|"style"/
    for (const { name, text } of modules) expect(codeOf(text), name).not.toMatch(dangerous)
  })

  it("keep nothing beyond the tab, and log nothing", () => {
    for (const { name, text } of modules)
      expect(codeOf(text), name).not.toMatch(/localStorage|document\.cookie|indexedDB|console\./)
  })

  it("touch the tab's own storage in two places alone", () => {
    const touching = modules.filter(({ text }) => codeOf(text).includes("sessionStorage"))
    expect(touching.map(({ name }) => name)).toEqual(["api.js", "signin.js"])
  })

  it("start no timer without an owner", () => {
    const starting = modules.filter(({ text }) => /setTimeout|setInterval/.test(codeOf(text)))
    expect(starting.map(({ name }) => name)).toEqual(["time.js"])
  })

  it("import only from beside themselves, and without a circle", () => {
    const imports = new Map(
      modules.map(({ name, text }) => [
        name,
        matches(codeOf(text), /from "([^"]+)"/g).map(([, path = ""]) => path)
      ])
    )
    for (const [name, paths] of imports)
      for (const path of paths) expect(path, name).toMatch(/^\.\/[\w-]+\.js$/)
    const visit = (name: string, path: ReadonlyArray<string>): void => {
      expect(path, [...path, name].join(" → ")).not.toContain(name)
      for (const next of imports.get(name) ?? []) visit(next.slice(2), [...path, name])
    }
    for (const name of imports.keys()) visit(name, [])
  })

  it("say only words that exist, and leave none unsaid", () => {
    const everything = [...modules, ...html]
      .filter(({ name }) => !name.startsWith("words"))
      .map(({ text }) => text)
      .join("\n")
    const quoted = new Set(matches(everything, /"(\w+)"/g).map(([, word]) => word))
    const families = new Set(
      matches(everything, /say(?:Of|Count)?\(\s*(?:"(\w+)",|`(\w+)_\$)/g).map(
        ([, one, other]) => one ?? other
      )
    )
    const unsaid = Object.keys(english).filter(
      (word) => !quoted.has(word) && !families.has(word.slice(0, word.indexOf("_")))
    )
    expect(unsaid).toEqual([])
  })
})

describe("the styles", () => {
  it("load nothing", () => {
    for (const { name, text } of css) expect(text, name).not.toMatch(/@import|url\(/)
  })

  it("use only colours that are defined, in the light and in the dark", () => {
    const base = css.find(({ name }) => name === "base.css")?.text ?? ""
    const [light = "", dark = ""] = base.split("@media (prefers-color-scheme: dark)")
    const defined = (text: string) =>
      new Set(matches(text, /^\s+(--[\w-]+):/gm).map(([, name]) => name))
    const used = new Set(
      css.flatMap(({ text }) => matches(text, /var\((--[\w-]+)\)/g).map(([, name = ""]) => name))
    )
    const inLight = defined(light)
    const inDark = defined(dark.split("\n}\n")[0] ?? "")
    for (const name of used) expect(inLight.has(name), name).toBe(true)
    const colours = [...inLight].filter((name) => name !== "--radius" && name !== "--mono")
    expect([...inDark].sort()).toEqual(colours.sort())
  })

  it("have text stand out against its ground, by 4.5 to 1 at the least", () => {
    const base = css.find(({ name }) => name === "base.css")?.text ?? ""
    for (const scheme of base.split("@media (prefers-color-scheme: dark)")) {
      const colours = new Map(
        matches(scheme, /(--[\w-]+): (#[\da-f]{6});/g).map(([, name = "", colour = ""]) => [
          name,
          luminance(colour)
        ])
      )
      const pairs = [
        ...["--ground", "--card", "--hover"].flatMap((ground) => [
          ["--ink", ground],
          ["--muted", ground],
          ["--accent", ground]
        ]),
        ["--on-accent", "--accent"],
        ["--on-accent", "--accent-strong"],
        ...["good", "busy", "bad", "off"].map((tone) => [`--${tone}`, `--${tone}-ground`])
      ]
      for (const [text = "", ground = ""] of pairs) {
        const [one = 0, two = 0] = [colours.get(text), colours.get(ground)]
        const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)
        expect(contrast, `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
      }
    }
  })
})

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
const luminance = (colour: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((from) => {
    const part = Number.parseInt(colour.slice(from, from + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
