/**
 * The bench: the built service, its rivals and its limits, side by side, on the Postgres at
 * `TEST_DATABASE_URL`. Exits with 1 if something could not be measured or is outside the envelope, which
 * is the load that the service is built for (envelope.ts).
 *
 * - `--only P1,P4`: measures these parts only (`parts` in suite.ts names all of them)
 * - `--runs N`, `--seconds N`: how often, and how long each time
 * - `--crowd N`, `--readers N`: how many instances and how many stream readers are many
 * - `--save`: writes result.json and plot.svg
 * - `--against DIR`: measures the service of another checkout in the same run, by turns with ours, and
 *   prints both with their ratio. `DIR/dist/main.js` runs; `npm run bundle` there makes it if it is
 *   missing (remove it after a change). The pairs are in P1 and P2 (rate), P4 (latency), P5 and P7 (a crowd on a
 *   shared link) and P8 (readers). To compare a change with `main`:
 *
 *       git worktree add ../main main && ln -s "$PWD/node_modules" ../main/node_modules
 *       npm run bench -- --against ../main --only P1,P4,P8
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { buildAll } from "./build.ts"
import { openThem, openUs } from "./Checkout.ts"
import { outside } from "./envelope.ts"
import { look } from "./Machine.ts"
import { root } from "./paths.ts"
import { plotOf } from "./plot.ts"
import type { Result } from "./result.ts"
import { parts, runAll } from "./suite.ts"
import { report } from "./table.ts"

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    runs: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    crowd: { type: "string", default: "10000" },
    readers: { type: "string", default: "1000" },
    against: { type: "string" },
    save: { type: "boolean", default: false }
  }
})
const only = values.only?.split(",")
const unknown = only?.filter((name) => !parts.some((part) => part === name)) ?? []
if (unknown.length > 0) throw new Error(`No such part: ${unknown.join(", ")}; ${parts.join(", ")}`)
const databaseUrl = process.env.TEST_DATABASE_URL
if (databaseUrl === undefined)
  throw new Error("Set TEST_DATABASE_URL to a Postgres where databases may be created")

const began = performance.now()
const tell = (line: string): void =>
  void process.stderr.write(
    `${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${line}\n`
  )

const machine = look()
if (machine.load > 1)
  tell(`The load is ${machine.load.toFixed(1)}: others use this machine, take no figure seriously`)
await buildAll()
const us = await openUs(databaseUrl)
const them = values.against === undefined ? undefined : await openThem(databaseUrl, values.against)
const leave = async (code: number): Promise<never> => {
  await us.databases.close()
  await them?.databases.close()
  process.exit(code)
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void leave(1))

try {
  const { failures, measured } = await runAll(us, {
    them,
    runs: Number(values.runs),
    seconds: Number(values.seconds),
    crowd: Number(values.crowd),
    readers: Number(values.readers),
    only: only === undefined ? undefined : new Set(only),
    tell
  })
  const { settings, version } = us.databases
  const result: Result = {
    date: new Date().toISOString().slice(0, 10),
    seconds: (performance.now() - began) / 1000,
    machine,
    postgres: { version, settings },
    measured,
    failures
  }
  const json = `${JSON.stringify(result, rounded, 2)}\n`
  writeFileSync(join(root, "dist/bench.json"), json)
  if (values.save) {
    writeFileSync(join(import.meta.dirname, "result.json"), json)
    writeFileSync(join(import.meta.dirname, "plot.svg"), plotOf(measured))
  }
  console.log(report(result))
  const isOutside = outside(measured).length > 0
  await leave(Object.keys(failures).length > 0 || isOutside ? 1 : 0)
} catch (error) {
  console.error(error)
  await leave(1)
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(5)) : value
}
