/**
 * The chaos suite: the built service, a simulated Evolution and a Postgres of our own, all as processes, with
 * the faults that happen between them. `--seed N`, `--only a,b`, `--fast`.
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { startCluster } from "../support/PostgresCluster.ts"
import { failuresOf, table } from "./report.ts"
import { scenarios } from "./scenarios/all.ts"
import { runAll } from "./suite.ts"

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    fast: { type: "boolean", default: false }
  }
})
const wanted = values.only?.split(",")
const unknown = wanted?.filter((name) => !scenarios.some((one) => one.name === name)) ?? []
if (unknown.length > 0) throw new Error(`No such scenario: ${unknown.join(", ")}`)
const chosen = scenarios.filter(
  ({ isFast = false, name }) => (wanted?.includes(name) ?? true) && (isFast || !values.fast)
)

try {
  const cwd = join(import.meta.dirname, "../..")
  execFileSync("npm", ["run", "-s", "bundle"], { cwd, stdio: "inherit" })
} catch {
  console.log("0 passed, 1 failed") // esbuild has printed the reason
  process.exit(1)
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1))
const shared = await startCluster()
const outcomes = await runAll(chosen, {
  seed: Number(values.seed),
  shared,
  // Fast scenarios mostly wait; the others need the processor, too.
  lanes: values.fast ? 4 : 3
})
await shared.remove()

const checks = outcomes.flatMap((outcome) => outcome.checks)
const failed = checks.filter(({ isOk }) => !isOk).length
console.log(table(outcomes))
for (const line of outcomes.flatMap(failuresOf)) console.log(line)
console.log(`${checks.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 && checks.length > 0 ? 0 : 1)
