/** The results: a table, and the details of failed checks. */
import { invariants } from "./invariants.ts"
import type { Check } from "./Scenario.ts"
import type { Outcome } from "./suite.ts"

const mark = ({ figure, isOk }: Check): string => `${isOk ? "ok" : "FAILED"} ${figure}`.trim()

/** One row per scenario, one column per invariant; the last column has the checks of the scenario itself. */
export const table = (outcomes: ReadonlyArray<Outcome>): string => {
  const header = ["scenario", "s", ...invariants, "its own"]
  const rows = outcomes.map(({ checks, scenario, seconds }) => {
    const own = checks.filter(({ title }) => !invariants.some((name) => name === title))
    return [
      scenario.name,
      seconds.toFixed(0),
      ...invariants.map((name) => {
        const check = checks.find(({ title }) => title === name)
        return check === undefined ? "-" : mark(check)
      }),
      own.map((check) => `${check.title}: ${mark(check)}`).join("; ")
    ]
  })
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0))
  )
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(" | ")
        .trimEnd()
    )
    .join("\n")
}

export const failuresOf = ({ checks, log, scenario }: Outcome): ReadonlyArray<string> => {
  const failed = checks.filter(({ isOk }) => !isOk)
  if (failed.length === 0) return []
  return [
    "",
    `--- ${scenario.name}`,
    ...failed.flatMap((check) => [
      `${check.title}: ${mark(check)}`,
      ...check.details.map((line) => `    ${line}`)
    ]),
    "  the end of the service's log:",
    ...log.map((line) => `    ${line.slice(0, 400)}`)
  ]
}
