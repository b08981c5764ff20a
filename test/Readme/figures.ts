/**
 * The tables of `docs/performance.md`, made from the bench's result. After `npm run bench -- --save`, print
 * them with `node --import tsx test/Readme/figures.ts` and paste them into the page.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Latency } from "../bench/latency.ts"
import { short, whole } from "../bench/numbers.ts"
import type { Measured, Result } from "../bench/result.ts"
import { quantile, ratios, summarize } from "../bench/statistics.ts"

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

const ofLatency = ({ latency }: Measured): ReadonlyArray<string> => {
  const pairs = latency?.pairs ?? []
  const line = (words: string, which: keyof Latency, bound: string) => {
    const millis = quantile(
      pairs.map(({ ours }) => ours[which]),
      0.5
    )
    const times = quantile(
      pairs.map(({ bare, ours }) => ours[which] / bare[which]),
      0.5
    )
    return row(words, `${short(millis)} ms, ${short(times)} × a bare INSERT`, bound)
  }
  return [
    line("latency at 1 000 events/s, median", "p50", "≤ 3 ×"),
    line("the same, the slowest hundredth begins at", "p99", "")
  ]
}

const ofReaders = ({ readers }: Measured): string => {
  const rates = (of: "with" | "without") =>
    readers?.[of].map(({ eventsPerSecond }) => eventsPerSecond) ?? []
  const cost = summarize(ratios(rates("with"), rates("without")).map((ratio) => (1 - ratio) * 100))
  return row(
    `${whole(readers?.readers ?? Number.NaN)} readers of 100 events/s each cost the intake`,
    `${short(cost.median)} % (${short(cost.min)} to ${short(cost.max)} in single runs)`,
    "≤ 15 %"
  )
}

const ofCrowds = ({ footprints, returns, widths = [] }: Measured): ReadonlyArray<string> => {
  const kib = (bytes: number | undefined) => `${short((bytes ?? Number.NaN) / 1024)} KiB`
  const idle = (words: string, mode: "shared" | "own", bound: string) => {
    const rival = footprints[mode === "shared" ? "rivalShared" : "rivalOwn"]
    const theirs = `socket.io-client: ${kib(rival?.resident)}`
    return row(
      `an idle listener, ${words}`,
      `${kib(footprints[mode]?.resident)} (${theirs})`,
      bound
    )
  }
  const back = (words: string, mode: "shared" | "own", bound: string) =>
    row(
      `${whole(returns[mode]?.count ?? Number.NaN)} listeners are back, ${words}`,
      `${short(returns[mode]?.afterOurRestart ?? Number.NaN)} s after our restart, ${short(
        returns[mode]?.afterUpstreamRestart ?? Number.NaN
      )} s after Evolution's; ${returns[mode]?.dialsAtOnce} dials at once`,
      bound
    )
  const [few, many] = [widths.at(0), widths.at(-1)]
  const rates = (width: typeof few) => width?.rates.map((rate) => rate.eventsPerSecond) ?? []
  const wide = summarize(ratios(rates(many), rates(few)))
  return [
    row(
      `events/s of ${whole(many?.instances ?? Number.NaN)} instances against ${few?.instances}`,
      `${short(wide.median)} × (${short(wide.min)} to ${short(wide.max)} in single runs)`,
      ""
    ),
    idle("shared link", "shared", "≤ 24 KiB"),
    idle("link of its own", "own", "≤ 100 KiB"),
    back("one shared link", "shared", "≤ 10 s"),
    back("a link for each", "own", "")
  ]
}

const ofStarts = ({ starts }: Measured): string => {
  const seconds = (millis: ReadonlyArray<number> = []) => `${short(quantile(millis, 0.5) / 1000)} s`
  return row(
    "start until ready",
    `${seconds(starts?.postgres)} with Postgres, ${seconds(starts?.embedded)} with a new embedded database`,
    ""
  )
}

export const figures = (measured: Measured): ReadonlyArray<string> => [
  ...ofLatency(measured),
  ofReaders(measured),
  ...ofCrowds(measured),
  ofStarts(measured)
]

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  for (const table of [throughput, figures]) console.log(`${table(saved.measured).join("\n")}\n`)
