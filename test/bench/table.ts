/** The measurements as text, for a terminal and for the documentation. */
import { type Comparison, comparisonsOf } from "./comparison.ts"
import { envelopeOf } from "./envelope.ts"
import { short, whole } from "./numbers.ts"
import type { Result, Row } from "./result.ts"
import { quantile, summarize } from "./statistics.ts"
import { isMet, type Target } from "./target.ts"
import { targetsOf } from "./targets.ts"

const numeric = /^[-\d. ]+$/

/** Pads columns to one width; numbers are right-aligned. */
export const align = (lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const [header = []] = lines
  const widths = header.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0))
  )
  return lines
    .map((line, number) =>
      line
        .map((cell, column) => {
          const isNumber = numeric.test(number === 0 ? (lines[1]?.[column] ?? "") : cell)
          const width = widths[column] ?? 0
          return isNumber ? cell.padStart(width) : cell.padEnd(width)
        })
        .join(" | ")
        .trimEnd()
    )
    .join("\n")
}

const rowLine = ({ name, rates, what }: Row, naive: number): ReadonlyArray<string> => {
  const { max, median, min } = summarize(rates.map(({ eventsPerSecond }) => eventsPerSecond))
  const micros = (values: ReadonlyArray<number>) => {
    const value = quantile(values, 0.5)
    return Number.isNaN(value) ? "-" : value.toFixed(1)
  }
  return [
    name,
    whole(median),
    whole(min),
    whole(max),
    Number.isNaN(naive) ? "-" : (median / naive).toFixed(1),
    micros(rates.map(({ ownMicros }) => ownMicros)),
    micros(rates.map(({ databaseMicros }) => databaseMicros)),
    what
  ]
}

export const rowsTable = (rows: Readonly<Record<string, Row>>): string => {
  const naive = quantile(rows.naive?.rates.map(({ eventsPerSecond }) => eventsPerSecond) ?? [], 0.5)
  return align([
    ["", "events/s", "min", "max", "× naive", "own µs", "pg µs", "what it does"],
    ...Object.values(rows).map((row) => rowLine(row, naive))
  ])
}

interface Verdicts {
  readonly met: string
  readonly missed: string
}

const targetLine = (target: Target, verdicts: Verdicts): ReadonlyArray<string> => {
  const { bound, figure, id, isLeast, note, title, unit } = target
  const range =
    figure === undefined || figure.runs === 1 ? "" : `${short(figure.min)} to ${short(figure.max)}`
  return [
    id,
    title,
    figure === undefined ? "not measured" : short(figure.median),
    range,
    `${isLeast ? "≥" : "≤"} ${bound} ${unit}`.trim(),
    figure === undefined ? "-" : isMet(target) ? verdicts.met : verdicts.missed,
    note
  ]
}

export const targetsTable = (targets: ReadonlyArray<Target>): string =>
  align([
    ["", "target", "figure", "min to max", "wanted", "", "beside"],
    ...targets.map((target) => targetLine(target, { met: "ok", missed: "missed" }))
  ])

export const envelopeTable = (rows: ReadonlyArray<Target>): string =>
  align([
    ["", "the load that the service is built for", "figure", "min to max", "bound", "", ""],
    ...rows.map((row) => targetLine(row, { met: "inside", missed: "outside" }))
  ])

const comparisonLine = (one: Comparison): ReadonlyArray<string> => {
  const { id, isMoreBetter, ratio, them, title, unit, us } = one
  return [
    id,
    `${title} (${unit})`,
    short(us),
    short(them),
    ratio.median.toFixed(2),
    ratio.runs === 1 ? "" : `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`,
    isMoreBetter ? "more is better" : "less is better"
  ]
}

/** Us beside the checkout that `--against` names. */
export const comparisonTable = (comparisons: ReadonlyArray<Comparison>): string =>
  align([
    ["", "against", "us", "them", "us / them", "min to max", ""],
    ...comparisons.map(comparisonLine)
  ])

export const report = (result: Result): string => {
  const { failures, machine, measured, postgres } = result
  const comparisons = comparisonsOf(measured)
  const settings = Object.entries(postgres.settings).map(([name, value]) => `${name}=${value}`)
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}; Node ${machine.node}`,
    `Postgres ${postgres.version}: ${settings.join(", ")}`,
    `${result.date}, commit ${machine.commit}, ${whole(result.seconds)} s; load before: ${machine.load.toFixed(1)}`,
    ...(Object.keys(measured.rows).length === 0 ? [] : ["", rowsTable(measured.rows)]),
    "",
    targetsTable(targetsOf(measured)),
    "",
    envelopeTable(envelopeOf(measured)),
    ...(comparisons.length === 0 ? [] : ["", comparisonTable(comparisons)]),
    ...Object.entries(failures).map(([name, message]) => `\n${name} failed: ${message}`)
  ].join("\n")
}
