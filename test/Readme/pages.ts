/** The documentation as tests read it: pages, headings, links, tables and examples. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

export const root = join(import.meta.dirname, "../..")
export const read = (path: string): string => readFileSync(join(root, path), "utf8")

/** Paths from the top of the repository. */
export const pages: ReadonlyArray<string> = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"), { encoding: "utf8", recursive: true })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .sort()
]

/** The text without its code blocks. */
export const proseOf = (page: string): string => read(page).replace(/^```[\s\S]*?^```$/gm, "")

/** The code blocks of one language. */
export const blocksOf = (page: string, language: string): ReadonlyArray<string> =>
  [...read(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = ""]) =>
    name === language ? [text] : []
  )

/** The command lines of curl that ask this service. */
export const examplesOf = (page: string): ReadonlyArray<string> =>
  blocksOf(page, "sh")
    .flatMap((block) => block.split("\n"))
    .filter((line) => line.startsWith("curl") && line.includes("localhost:8000"))

/** The part of a page under a heading of the second or third level, up to the next of its level. */
export const sectionOf = (page: string, heading: string): string => {
  const text = read(page)
  const from = text.indexOf(`${heading}\n`)
  if (from < 0) throw new Error(`${page} has no "${heading}"`)
  const level = heading.slice(0, heading.indexOf(" ") + 1)
  const rest = text.slice(from + heading.length)
  const end = rest.search(new RegExp(`^(?:${level}|## )`, "m"))
  return end < 0 ? rest : rest.slice(0, end)
}

/** As GitHub makes it: https://docs.github.com/get-started/writing-on-github (section links). */
export const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
    .replaceAll(" ", "-")

export const headingsOf = (page: string): ReadonlyArray<string> =>
  [...proseOf(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => heading)

/** Targets of links and pictures. */
export const linksOf = (page: string): ReadonlyArray<string> =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target)

/** The rows of every table whose header begins so, cell by cell. */
export const tablesOf = (text: string, header: string): ReadonlyArray<ReadonlyArray<string>> =>
  text.split(/\n(?!\|)/).flatMap((block) => {
    const lines = block.split("\n").filter((line) => line.startsWith("|"))
    if (!lines[0]?.startsWith(header)) return []
    return lines.slice(2).map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim())
    )
  })

/** The texts that stand as code in a cell or a line. */
export const codesIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code)
