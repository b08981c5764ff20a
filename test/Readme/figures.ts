/**
 * The tables of `docs/performance.md`, made from the bench's saved result. After `npm run bench -- --save`,
 * `node --import tsx test/Readme/figures.ts` writes them into the page.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { targetsOfDeliveries } from "../bench/deliveries/targets.ts"
import { envelopeOf } from "../bench/envelope.ts"
import { short, whole } from "../bench/numbers.ts"
import type { Measured, Result } from "../bench/result.ts"
import { quantile, ratios, summarize } from "../bench/statistics.ts"
import { isMet, type Target } from "../bench/target.ts"

export const saved: Result = JSON.parse(
  readFileSync(join(import.meta.dirname, "../bench/result.json"), "utf8")
)

/** The rows of the first table: the bench's name of each, and the page's. */
const contenders = [
  ["naive", "socket.io-client and `pg`, one INSERT awaited for each event"],
  ["pooled", "the same, with a pool of 10"],
  ["batched", "the same, batched by hand; nothing decoded, no state"],
  ["us", "**this service**"],
  ["postgres", "Postgres alone: the same rows by `COPY`"],
  ["namespaces", "this service, one connection for each of the 100 instances"],
  ["binary", "this service, messages with attachments"],
  ["embedded", "this service, the embedded database"],
  ["unstored", "this service, nothing stored"],
  ["bare", "socket.io-client, receive only"],
  ["wire", "`ws` and `JSON.parse`"]
] as const

const row = (...cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`

/** Whole µs, or nothing: JSON has `null` where nothing was measured, and no comparison holds for it. */
const micros = (values: ReadonlyArray<number>) => {
  const known = values.filter((value) => value > 0.5)
  return known.length === 0 ? "" : whole(quantile(known, 0.5))
}

export const throughput = ({ rows }: Measured): ReadonlyArray<string> =>
  contenders.flatMap(([name, words]) => {
    const rates = rows[name]?.rates ?? []
    if (rates.length === 0) return []
    const { max, median, min } = summarize(rates.map(({ eventsPerSecond }) => eventsPerSecond))
    return row(
      words,
      name === "us" ? `**${whole(median)}**` : whole(median),
      `${whole(min)} to ${whole(max)}`,
      micros(rates.map(({ ownMicros }) => ownMicros)),
      micros(rates.map(({ databaseMicros }) => databaseMicros))
    )
  })

const figureOf = ({ figure }: Target): string => {
  if (figure === undefined) return "not measured"
  const range = figure.runs === 1 ? "" : ` (${short(figure.min)} to ${short(figure.max)})`
  return `${short(figure.median)}${range}`
}

/** The bounds of the envelope, with what the run measured. */
export const envelope = (measured: Measured): ReadonlyArray<string> =>
  envelopeOf(measured).map((target) => {
    const { bound, isLeast, title, unit } = target
    return row(
      title,
      `${isLeast ? "≥" : "≤"} ${whole(bound)} ${unit}`,
      figureOf(target),
      isMet(target) ? "inside" : "outside"
    )
  })

/** Deliveries to endpoints, with the figures of the rival. */
export const deliveries = (measured: Measured): ReadonlyArray<string> =>
  targetsOfDeliveries(measured).map((target) => {
    const { bound, figure, isLeast, note, title, unit } = target
    return row(
      title,
      `${isLeast ? "≥" : "≤"} ${short(bound)} ${unit}`,
      figureOf(target),
      figure === undefined ? "" : note
    )
  })

const middle = (values: ReadonlyArray<number> = []) => short(quantile(values, 0.5))

/** Figures that the envelope has no bound for. */
export const figures = ({ footprints, latency, returns, starts, widths = [] }: Measured) => {
  const [few, many] = [widths.at(0), widths.at(-1)]
  const ratesOf = (width: typeof few) => width?.rates.map((rate) => rate.eventsPerSecond) ?? []
  const pairs = latency?.pairs ?? []
  const kib = (one: { readonly resident: number } | undefined) =>
    short((one?.resident ?? Number.NaN) / 1024)
  const { own } = returns
  return [
    row("median latency at 1 000 events/s", `${middle(pairs.map(({ ours }) => ours.p50))} ms`),
    row(
      "the slowest hundredth at 1 000 events/s",
      `${middle(pairs.map(({ ours }) => ours.p99))} ms, ` +
        `${middle(pairs.map(({ bare, ours }) => ours.p99 / bare.p99))} × a bare INSERT`
    ),
    row(
      "an idle connection of socket.io-client",
      `${kib(footprints.rivalShared)} KiB shared, ${kib(footprints.rivalOwn)} KiB of its own`
    ),
    row(
      `${whole(own?.count ?? Number.NaN)} listeners, a link for each, are back`,
      `${middle(own && [own.afterOurRestart])} s after our restart, ` +
        `${middle(own && [own.afterUpstreamRestart])} s after Evolution's`
    ),
    row("dials at once in that time", String(own?.dialsAtOnce)),
    row(
      `events/s of ${whole(many?.instances ?? Number.NaN)} instances against ${few?.instances}`,
      `${middle(ratios(ratesOf(many), ratesOf(few)))} ×`
    ),
    row(
      "start until ready",
      `${middle(starts?.postgres.map((ms) => ms / 1000))} s with Postgres, ` +
        `${middle(starts?.embedded.map((ms) => ms / 1000))} s with a new embedded database`
    )
  ]
}

/** The tables of the page: their header, and their rows as a run has them. */
export const tables = [
  ["| the envelope | bound | measured | |", envelope],
  ["| | events/s | min to max | own µs | Postgres' µs |", throughput],
  ["| | measured |", figures],
  ["| deliveries | wanted | measured | beside |", deliveries]
] as const

/** Where the rows of the table under a header begin and end in a page. */
export const spanOf = (text: string, header: string): readonly [from: number, to: number] => {
  const head = text.indexOf(`${header}\n`)
  if (head < 0) throw new Error(`There is no table "${header}"`)
  const from = text.indexOf("\n", head + header.length + 1) + 1
  return [from, from + text.slice(from).search(/^(?!\|)/m)]
}

export const page = join(import.meta.dirname, "../../docs/performance.md")

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  let text = readFileSync(page, "utf8")
  for (const [header, rowsOf] of tables) {
    const [from, to] = spanOf(text, header)
    text = `${text.slice(0, from)}${rowsOf(saved.measured).join("\n")}\n${text.slice(to)}`
  }
  writeFileSync(page, text)
}
