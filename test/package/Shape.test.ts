import { statSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, inject, it } from "vitest"
import { tarball, tools } from "./Folders.ts"
import { run } from "./Run.ts"

describe("The package", () => {
  it("has less than 3.5 MB", () => {
    expect(statSync(tarball()).size).toBeLessThan(3.5 * 1024 * 1024)
  })

  it("has the simulated Evolution once, and nothing that an earlier build left", async () => {
    const { output } = await run(tools(), "tar", "-tf", tarball())
    const files = output.split("\n").map((path) => path.replace("package/", ""))
    const top = files.filter((path) => /^dist\/[^/]+$/.test(path))
    expect(top.sort()).toEqual([
      "dist/healthcheck.js",
      "dist/main.js",
      "dist/pgdata.br",
      "dist/simulate.js",
      "dist/testing.js"
    ])
    const testing = files.filter((path) => path.startsWith("dist/lib/Testing"))
    expect(testing.length).toBeGreaterThan(10)
    expect(testing.filter((path) => !path.endsWith(".d.ts"))).toEqual([])
  })

  it("has its entries, types and files where Node and TypeScript look for them", async () => {
    const bin = (name: string) => join(tools(), "node_modules/.bin", name)
    const lint = await run(tools(), bin("publint"), tarball(), "--strict")
    expect(lint.output).toContain("All good!")
    const types = await run(tools(), bin("attw"), tarball(), "--profile", "esm-only")
    expect(types, types.output).toMatchObject({ code: 0 })
  })

  it("compiles in a strict program, libraries checked, with the newest TypeScript", () => {
    expect(inject("compiled").newest).toBe("")
  })

  it("compiles in such a program with the oldest peers and TypeScript 5.7", () => {
    expect(inject("compiled").oldest).toBe("")
  })

  it("compiles with TypeScript 5.4, libraries not checked", () => {
    expect(inject("compiled").skipping).toBe("")
  })
})
