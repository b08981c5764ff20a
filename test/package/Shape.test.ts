import { statSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, inject, it } from "vitest"
import { tarball, tools } from "./Folders.ts"
import { run } from "./Run.ts"

describe("The package", () => {
  it("has less than 3 MB", () => {
    expect(statSync(tarball()).size).toBeLessThan(3 * 1024 * 1024)
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

  it("compiles with TypeScript 5.4, which the declarations of Effect itself do not", () => {
    const errors = inject("compiled")
      .oldest.split("\n")
      .filter((line) => line.includes("error TS"))
    const foreign = /^node_modules\/(effect|@effect\/[\w-]+|pg-protocol)\//
    expect(errors.filter((line) => !foreign.test(line))).toEqual([])
  })
})
