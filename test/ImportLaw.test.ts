import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { describe, expect, it } from "@effect/vitest"

const root = join(import.meta.dirname, "../src")

/** A file imports from a lower rank, or from the folder beside or around it. */
const ranks: Readonly<Record<string, number>> = {
  AppConfig: 0,
  Domain: 0,
  Lean: 0,
  Metrics: 0,
  Turnstile: 0,
  Sql: 1,
  Tracing: 1,
  Wire: 1,
  Audit: 2,
  KeyStore: 2,
  EventSource: 2,
  EvolutionClient: 2,
  EventStore: 2,
  GapStore: 2,
  InstanceStore: 2,
  EventBus: 3,
  Upstream: 3,
  Handlers: 4,
  StormLog: 4,
  Ingest: 4,
  Pacing: 4,
  Purge: 4,
  GapLedger: 5,
  Recovery: 6,
  Listener: 7,
  ListenerRegistry: 8,
  AutoStart: 9,
  Instances: 9,
  Health: 9,
  Pairing: 10,
  Retention: 9,
  StateWatch: 9,
  EvolutionListener: 11,
  Http: 12,
  Startup: 12,
  Check: 13,
  KeysCommand: 13,
  main: 14,
  mod: 14
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .sort()

const roomOf = (file: string): string => file.split("/")[0]?.replace(/\.ts$/, "") ?? file

const importsOf = (file: string): ReadonlyArray<string> =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import) "(\.[^"]+)"/g)].map(
    ([, path = ""]) => relative(root, join(root, dirname(file), path))
  )

describe("the import law", () => {
  it("gives every room a rank", () => {
    expect(files.map(roomOf).filter((room) => ranks[room] === undefined)).toEqual([])
  })

  it("lets no file import from its own rank or a higher one, its own room excepted", () => {
    const broken = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => roomOf(target) !== roomOf(file))
        .filter((target) => (ranks[roomOf(target)] ?? 0) >= (ranks[roomOf(file)] ?? 0))
        .map((target) => `${file} imports ${target}`)
    )
    expect(broken).toEqual([])
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
