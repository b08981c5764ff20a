import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { describe, expect, it } from "@effect/vitest"

const root = join(import.meta.dirname, "../src")

/** The floors of the house, from the ground up. A file imports from a lower floor or from its own district. */
const floors: ReadonlyArray<ReadonlyArray<string>> = [
  ["AppConfig", "Concurrency", "Domain"],
  ["Telemetry"],
  ["Evolution", "Storage"],
  ["Access", "Cluster", "Log"],
  ["Delivery", "Listening"],
  ["Instances"],
  ["EvolutionListener", "Http"],
  ["Client", "Command", "Testing"],
  ["main", "mod"]
]

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .sort()

/** A district is a folder in `src`, a file, or both under one name. */
const districtOf = (file: string): string => file.split("/")[0]?.replace(/\.ts$/, "") ?? file

const floorOf = (file: string): number =>
  floors.findIndex((districts) => districts.includes(districtOf(file)))

const importsOf = (file: string): ReadonlyArray<string> =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import) "(\.[^"]+)"/g)].map(
    ([, path = ""]) => relative(root, join(root, dirname(file), path))
  )

/** Imports that leave their district, as `[file, target]`. */
const crossings = files.flatMap((file) =>
  importsOf(file)
    .filter((target) => districtOf(target) !== districtOf(file))
    .map((target) => [file, target] as const)
)

const told = (pairs: ReadonlyArray<readonly [string, string]>) =>
  pairs.map(([file, target]) => `${file} imports ${target}`)

describe("the import law", () => {
  it("has a dozen districts or so at the top of src, each on one floor", () => {
    expect(files.map(districtOf).filter((district) => floorOf(district) < 0)).toEqual([])
    expect(floors.length).toBeLessThanOrEqual(9)
    expect(readdirSync(root).length).toBeLessThanOrEqual(20)
  })

  it("lets no file import from its own floor or a higher one, its own district excepted", () => {
    expect(told(crossings.filter(([file, target]) => floorOf(target) >= floorOf(file)))).toEqual([])
  })

  it("lets a district be entered by its facades alone, not by the files in their folders", () => {
    expect(told(crossings.filter(([, target]) => target.split("/").length > 2))).toEqual([])
  })

  it("lets the simulated Evolution know the vocabulary alone, as it is no part of the service", () => {
    const itsOwn = crossings.filter(([file]) => districtOf(file) === "Testing")
    expect(told(itsOwn.filter(([, target]) => districtOf(target) !== "Domain"))).toEqual([])
    expect(told(crossings.filter(([, target]) => districtOf(target) === "Testing"))).toEqual([])
  })

  it("has no cycles", () => {
    const cycles: Array<string> = []
    const done = new Set<string>()
    const visit = (file: string, path: ReadonlyArray<string>): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" → "))
      if (done.has(file) || path.includes(file)) return
      for (const target of importsOf(file)) visit(target, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(cycles).toEqual([])
  })

  it("has every import carry its .ts", () => {
    const bare = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => !target.endsWith(".ts"))
        .map((target) => `${file}: ${target}`)
    )
    expect(bare).toEqual([])
  })
})
