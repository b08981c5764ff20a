import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { newest } from "./Folders.ts"
import { root, run } from "./Run.ts"

/** It takes less than this on a machine for itself. */
const usual = 2000
/** On a busy one, the quickest of three runs takes less than this. */
const longest = 4000

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly duration: number }>
  }>
}

it("The example of a test of a bot runs out of the package, in seconds", async () => {
  const directory = join(newest(), "bot")
  mkdirSync(directory)
  for (const name of ["bot.ts", "bot.test.ts"])
    writeFileSync(
      join(directory, name),
      readFileSync(join(root, "test/Testing/bot", name), "utf8")
        .replaceAll('"../../../src/mod.ts"', '"evolution-listener"')
        .replaceAll('"../../../src/Testing/mod.ts"', '"evolution-listener/testing"')
    )
  const times: Array<number> = []
  while (times.length < 3 && !times.some((time) => time < usual)) {
    const file = `${times.length}.json`
    const vitest = join(newest(), "node_modules/vitest/vitest.mjs")
    const args = ["run", "--reporter=json", `--outputFile=${file}`]
    const done = await run(directory, process.execPath, vitest, ...args)
    expect(done, done.output).toMatchObject({ code: 0 })
    const { testResults }: Report = JSON.parse(readFileSync(join(directory, file), "utf8"))
    const [result] = testResults.flatMap(({ assertionResults }) => assertionResults)
    expect(result).toMatchObject({ status: "passed" })
    times.push(Math.round(result?.duration ?? Number.NaN))
  }
  process.stdout.write(`The test of a bot took ${times.join(", ")} ms\n`)
  expect(Math.min(...times)).toBeLessThan(longest)
})
