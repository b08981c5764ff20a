/**
 * The chaos suite: the built service, a simulated Evolution and a Postgres of our own, all as processes, with
 * the faults that happen between them. `--seed N`, `--only a,b`, `--fast`; `--replicas N` for scenarios of several
 * replicas, of which `--fast` has some, too; `--delivery` for those of endpoints.
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { startCluster } from "../support/PostgresCluster.ts"
import { scenarios as ofDelivery } from "./delivery/scenarios/all.ts"
import { delivering } from "./delivery/stage.ts"
import { scenarios as ofReplicas } from "./replicas/scenarios/all.ts"
import { several } from "./replicas/stage.ts"
import { failuresOf, isFailure, table } from "./report.ts"
import type { ScenarioIn } from "./Scenario.ts"
import { scenarios as ofOne } from "./scenarios/all.ts"
import { alone, type Outcome, runAll } from "./suite.ts"

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    fast: { type: "boolean", default: false },
    replicas: { type: "string" },
    delivery: { type: "boolean", default: false }
  }
})
const isOfOne = values.replicas === undefined && !values.delivery
const known = values.delivery ? ofDelivery : isOfOne ? ofOne : ofReplicas
const wanted = values.only?.split(",")
const unknown = wanted?.filter((name) => !known.some((one) => one.name === name)) ?? []
if (unknown.length > 0) throw new Error(`No such scenario: ${unknown.join(", ")}`)
type Choice = Pick<ScenarioIn<never>, "name" | "isFast" | "leftOut" | "isOnlyNamed">
const chosen = <S extends Choice>(scenarios: ReadonlyArray<S>): ReadonlyArray<S> => {
  const found = scenarios.filter(
    ({ isFast = false, isOnlyNamed = false, name }) =>
      (wanted?.includes(name) ?? !isOnlyNamed) && (isFast || !values.fast)
  )
  for (const { leftOut, name } of found)
    if (leftOut !== undefined) console.log(`${name} is left out: ${leftOut}`)
  return found.filter(({ leftOut }) => leftOut === undefined)
}

try {
  const cwd = join(import.meta.dirname, "../..")
  execFileSync("npm", ["run", "-s", "bundle"], { cwd, stdio: "inherit" })
} catch {
  console.log("0 passed, 1 failed") // esbuild has printed the reason
  process.exit(1)
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1))
const shared = await startCluster()
const setting = { seed: Number(values.seed), shared }
const outcomes: Array<Outcome> = []
if (values.delivery) {
  const found = await runAll(delivering, chosen(ofDelivery), {
    ...setting,
    lanes: values.fast ? 3 : 1
  })
  console.log(table(delivering.invariants, found))
  outcomes.push(...found)
}
if (isOfOne) {
  // Fast scenarios mostly wait; the others need the processor, too.
  const found = await runAll(alone, chosen(ofOne), { ...setting, lanes: values.fast ? 4 : 3 })
  console.log(table(alone.invariants, found))
  outcomes.push(...found)
}
if (values.replicas !== undefined || (values.fast && isOfOne && wanted === undefined)) {
  const stage = several(Number(values.replicas ?? 3))
  // Their times are measured: nothing else may run.
  const found = await runAll(stage, chosen(ofReplicas), { ...setting, lanes: 1 })
  console.log(table(stage.invariants, found))
  outcomes.push(...found)
}
await shared.remove()

const checks = outcomes.flatMap((outcome) => outcome.checks)
const failed = checks.filter(isFailure).length
for (const line of outcomes.flatMap(failuresOf)) console.log(line)
console.log(`${checks.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 && checks.length > 0 ? 0 : 1)
