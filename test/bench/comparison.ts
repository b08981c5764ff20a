/** Our figures beside those of another checkout, measured by turns in one run. */
import type { Latency } from "./latency.ts"
import type { ReadersResult } from "./readers.ts"
import type { Measured } from "./result.ts"
import { quantile, ratios, type Summary, summarize } from "./statistics.ts"

export interface Comparison {
  readonly id: string
  readonly title: string
  readonly unit: string
  /** Medians. */
  readonly us: number
  readonly them: number
  /** Ours by theirs, turn by turn. */
  readonly ratio: Summary
  readonly isMoreBetter: boolean
}

type Shape = Pick<Comparison, "id" | "title" | "unit">

const compare = (
  shape: Shape,
  isMoreBetter: boolean,
  us: ReadonlyArray<number | undefined> = [],
  them: ReadonlyArray<number | undefined> = []
): ReadonlyArray<Comparison> => {
  const [ours, theirs] = [us.filter(isKnown), them.filter(isKnown)]
  const found = ratios(ours, theirs)
  return found.length === 0
    ? []
    : [
        {
          ...shape,
          isMoreBetter,
          us: quantile(ours, 0.5),
          them: quantile(theirs, 0.5),
          ratio: summarize(found)
        }
      ]
}

const isKnown = (value: number | undefined): value is number =>
  value !== undefined && !Number.isNaN(value)

/** Empty without another checkout. */
export const comparisonsOf = ({
  footprints,
  latency,
  readers,
  returns,
  rows,
  them
}: Measured): ReadonlyArray<Comparison> => {
  const [ours, theirs] = [rows.us?.rates, rows.them?.rates]
  const paired = latency?.pairs.filter((pair) => pair.theirs !== undefined)
  const millis = (which: keyof Latency) =>
    compare(
      { id: "P4", title: `latency at 1 000 events/s, ${which}`, unit: "ms" },
      false,
      paired?.map((pair) => pair.ours[which]),
      paired?.map((pair) => pair.theirs?.[which])
    )
  const crowd = (
    shape: Omit<Shape, "id"> & { readonly id?: string },
    us: number | undefined,
    others: number | undefined
  ) => compare({ id: "P5", ...shape }, false, [us], [others])
  const reading = (of: (result: ReadersResult) => ReadonlyArray<number>, title: string) =>
    compare(
      { id: "P8", title, unit: "/s" },
      true,
      readers && of(readers),
      them?.readers && of(them.readers)
    )
  return [
    ...compare(
      { id: "P1", title: "durable ingest", unit: "events/s" },
      true,
      ours?.map((rate) => rate.eventsPerSecond),
      theirs?.map((rate) => rate.eventsPerSecond)
    ),
    ...compare(
      { id: "P1", title: "own CPU time for each event", unit: "µs" },
      false,
      ours?.map((rate) => rate.ownMicros),
      theirs?.map((rate) => rate.ownMicros)
    ),
    ...millis("p50"),
    ...millis("p99"),
    ...crowd(
      { title: "an idle listener on a shared link, resident", unit: "B" },
      footprints.shared?.resident,
      them?.crowd?.footprint.resident
    ),
    ...crowd(
      { title: "an idle listener on a shared link, heap", unit: "B" },
      footprints.shared?.heap,
      them?.crowd?.footprint.heap
    ),
    ...crowd(
      { id: "P7", title: "all back after our restart", unit: "s" },
      returns.shared?.afterOurRestart,
      them?.crowd?.back.afterOurRestart
    ),
    ...crowd(
      { id: "P7", title: "all back after Evolution's restart", unit: "s" },
      returns.shared?.afterUpstreamRestart,
      them?.crowd?.back.afterUpstreamRestart
    ),
    ...reading((one) => one.without.map((rate) => rate.eventsPerSecond), "ingest without readers"),
    ...reading((one) => one.with.map((rate) => rate.eventsPerSecond), "ingest with readers"),
    ...reading((one) => one.reached, "events that reach each reader")
  ]
}
