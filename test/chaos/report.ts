/** The results: a table, and the details of failed checks. */
import type { Check } from "./Scenario.ts"
import type { Outcome } from "./suite.ts"

const mark = ({ figure, isOk, known }: Check): string =>
  `${isOk ? "ok" : known === undefined ? "FAILED" : "KNOWN"} ${figure}`.trim()

export const isFailure = ({ isOk, known }: Check): boolean => !isOk && known === undefined

/** One row per scenario, one column per invariant; the last column has the checks of the scenario itself. */
export const table = (
  invariants: ReadonlyArray<string>,
  outcomes: ReadonlyArray<Outcome>
): string => {
  const header = ["scenario", "s", ...invariants, "its own"]
  const rows = outcomes.map(({ checks, name, seconds }) => {
    const own = checks.filter(({ title }) => !invariants.includes(title))
    return [
      name,
      seconds.toFixed(0),
      ...invariants.map((invariant) => {
        const check = checks.find(({ title }) => title === invariant)
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

export const failuresOf = ({ checks, log, name }: Outcome): ReadonlyArray<string> => {
  const failed = checks.filter(({ isOk }) => !isOk)
  if (failed.length === 0) return []
  return [
    "",
    `--- ${name}`,
    ...failed.flatMap((check) => [
      `${check.title}: ${mark(check)}`,
      ...(check.known === undefined ? [] : [`    known: ${check.known}`]),
      ...check.details.map((line) => `    ${line}`)
    ]),
    ...(failed.some(isFailure)
      ? ["  the end of the service's log:", ...log.map((line) => `    ${line.slice(0, 400)}`)]
      : [])
  ]
}
