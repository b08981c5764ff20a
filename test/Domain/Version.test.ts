import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { version } from "../../src/Domain/Version.ts"

it("equals the version of the package", () => {
  const text = readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")
  expect(version).toBe(JSON.parse(text).version)
})
