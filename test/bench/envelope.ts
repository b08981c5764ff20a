/** The envelope: the load that the service is built for. A change may cost speed as long as all rows stay inside. */
import { whole } from "./numbers.ts"
import type { Measured } from "./result.ts"
import { atLeast, atMost, isMet, type Target } from "./target.ts"
import { kibibyte, readersCost } from "./targets.ts"

const id = "envelope"

/** Each bound is of the machine that runs the bench; result.json tells which one the figures of the docs come from. */
export const envelopeOf = (measured: Measured): ReadonlyArray<Target> => {
  const { footprints, latency, readers, returns, widths = [] } = measured
  const many = widths.at(-1)
  const rates = many?.rates.map(({ eventsPerSecond }) => eventsPerSecond) ?? []
  const crowd = `${whole(many?.instances ?? returns.shared?.count ?? 10_000)} instances on a shared link`
  const one = (value: number | undefined) => (value === undefined ? undefined : [value])
  const kib = (bytes: number | undefined) => one(bytes && bytes / kibibyte)
  const { cost } = readersCost(measured)
  return [
    atLeast(
      { id, title: `${crowd}: events sustained, the slowest run`, bound: 5000, unit: "/s" },
      rates.length === 0 ? undefined : [Math.min(...rates)]
    ),
    atLeast({ id, title: `${crowd}: events in a burst`, bound: 20_000, unit: "/s" }, rates),
    atMost(
      { id, title: "median latency at 1 000 events/s", bound: 3, unit: "× a bare INSERT" },
      latency?.pairs.map(({ bare, ours }) => ours.p50 / bare.p50)
    ),
    atMost(
      { id, title: "an idle listener on a shared link", bound: 24, unit: "KiB" },
      kib(footprints.shared?.resident)
    ),
    atMost(
      { id, title: "an idle listener on a link of its own", bound: 100, unit: "KiB" },
      kib(footprints.own?.resident)
    ),
    atMost(
      { id, title: `${crowd}: back after our restart`, bound: 10, unit: "s" },
      one(returns.shared?.afterOurRestart)
    ),
    atMost(
      { id, title: `${crowd}: back after Evolution's restart`, bound: 10, unit: "s" },
      one(returns.shared?.afterUpstreamRestart)
    ),
    atMost(
      {
        id,
        title: `ingest that ${whole(readers?.readers ?? 1000)} stream readers cost`,
        bound: 15,
        unit: "%"
      },
      cost
    )
  ]
}

/** Rows that were measured and do not hold. */
export const outside = (measured: Measured): ReadonlyArray<Target> =>
  envelopeOf(measured).filter((row) => row.figure !== undefined && !isMet(row))
