/** Targets and the figures that were measured for them: ratios of programs that ran side by side. */
import type { Footprint } from "./crowd.ts"
import { targetsOfDeliveries } from "./deliveries/targets.ts"
import { whole } from "./numbers.ts"
import type { Measured } from "./result.ts"
import { quantile, ratios } from "./statistics.ts"
import { atLeast, atMost, type Target } from "./target.ts"

export const targetsOf = (measured: Measured): ReadonlyArray<Target> => [
  ...ofThroughput(measured),
  ...ofLatency(measured),
  ...ofFootprints(measured),
  ...ofReturns(measured),
  ...ofReaders(measured),
  ...targetsOfDeliveries(measured),
  ...ofStarts(measured)
]

const ofThroughput = ({ rows, widths = [] }: Measured): ReadonlyArray<Target> => {
  const ratesOf = (name: string) => rows[name]?.rates.map((rate) => rate.eventsPerSecond) ?? []
  const against = (name: string, other: string) => ratios(ratesOf(name), ratesOf(other))
  const [few, many] = [widths.at(0), widths.at(-1)]
  const widthRates = (width: typeof few) => width?.rates.map((rate) => rate.eventsPerSecond) ?? []
  const unit = "×"
  return [
    atLeast(
      { id: "P1", title: "durable ingest against Postgres alone", bound: 0.6, unit },
      against("us", "postgres")
    ),
    atLeast({ id: "P2", title: "against naive", bound: 15, unit }, against("us", "naive")),
    atLeast({ id: "P2", title: "against hand-batched", bound: 1, unit }, against("us", "batched")),
    atLeast(
      {
        id: "P3",
        title: "receive + decode, storage off, against socket.io-client's bare receive",
        bound: 1.5,
        unit
      },
      against("unstored", "bare")
    ),
    atLeast(
      {
        id: "P6",
        title: `${many?.instances ?? 10_000} instances against ${few?.instances ?? 10}`,
        bound: 0.9,
        unit
      },
      ratios(widthRates(many), widthRates(few))
    )
  ]
}

const ofLatency = ({ latency }: Measured): ReadonlyArray<Target> => {
  const pairs = latency?.pairs ?? []
  const ms = (values: ReadonlyArray<number>) => quantile(values, 0.5).toFixed(2)
  const at = (which: "p50" | "p99", bound: number) =>
    atMost(
      {
        id: "P4",
        title: `1 000 events/s, from the sending to the reader's screen, ${which}`,
        bound,
        unit: "× a bare INSERT",
        note: `${ms(pairs.map(({ ours }) => ours[which]))} ms against ${ms(pairs.map(({ bare }) => bare[which]))} ms`
      },
      pairs.map(({ bare, ours }) => ours[which] / bare[which])
    )
  return [at("p50", 3), at("p99", 10)]
}

export const kibibyte = 1024
/** The service's own bound of dials at once. */
const maxDialsAtOnce = 16

const ofFootprints = ({ footprints }: Measured): ReadonlyArray<Target> => {
  const kib = (bytes: number | undefined) =>
    bytes === undefined ? "?" : `${(bytes / kibibyte).toFixed(1)} KiB`
  const one = (
    title: string,
    bound: number,
    ours: Footprint | undefined,
    rival: Footprint | undefined
  ) =>
    atMost(
      {
        id: "P5",
        title: `an idle listener, ${title}`,
        bound,
        unit: "KiB",
        note: `heap ${kib(ours?.heap)}; socket.io-client: ${kib(rival?.resident)}, heap ${kib(rival?.heap)}`
      },
      ours && [ours.resident / kibibyte]
    )
  const { own, rivalOwn, rivalShared, shared } = footprints
  return [
    one("one connection for all", 6, shared, rivalShared),
    one("one for each", 25, own, rivalOwn)
  ]
}

const ofReturns = ({ returns }: Measured): ReadonlyArray<Target> =>
  [
    { mode: "one connection for all", found: returns.shared },
    { mode: "one for each", found: returns.own }
  ].flatMap(({ found, mode }) => {
    const all = `${whole(found?.count ?? 10_000)} listeners, ${mode}`
    const seconds = (title: string, value: number | undefined) =>
      atMost(
        { id: "P7", title: `${all}: ${title}`, bound: 10, unit: "s" },
        value === undefined ? undefined : [value]
      )
    return [
      seconds("back after our restart", found?.afterOurRestart),
      seconds("back after Evolution's", found?.afterUpstreamRestart),
      atMost(
        {
          id: "P7",
          title: `${all}: dials at once`,
          bound: maxDialsAtOnce,
          unit: "",
          note: `${found?.dials ?? "?"} dials after Evolution's restart`
        },
        found && [found.dialsAtOnce]
      )
    ]
  })

/** Events per second of the 100 that must reach each reader; readers that get fewer cost less, and prove nothing. */
const leastReached = 90

/** Share of the ingest rate that the readers cost, in %, and the events per second that reached each. */
export const readersCost = ({ readers }: Measured) => {
  const rates = (of: "with" | "without") =>
    readers?.[of].map(({ eventsPerSecond }) => eventsPerSecond) ?? []
  const reached = quantile(readers?.reached ?? [], 0.5)
  const cost = ratios(rates("with"), rates("without")).map((ratio) => (1 - ratio) * 100)
  return { cost: reached < leastReached ? [100] : cost, reached }
}

const ofReaders = (measured: Measured): ReadonlyArray<Target> => {
  const { cost, reached } = readersCost(measured)
  return [
    atMost(
      {
        id: "P8",
        title: `${whole(measured.readers?.readers ?? 1000)} readers of 100 events/s each cost the taking in`,
        bound: 10,
        unit: "%",
        note: `${reached.toFixed(0)} events/s reached each${reached < leastReached ? ": too few" : ""}`
      },
      cost
    )
  ]
}

const ofStarts = ({ rows, starts }: Measured): ReadonlyArray<Target> => {
  const seconds = (millis: ReadonlyArray<number> | undefined) => millis?.map((one) => one / 1000)
  const rate = (name: string) =>
    quantile(rows[name]?.rates.map(({ eventsPerSecond }) => eventsPerSecond) ?? [], 0.5).toFixed(0)
  return [
    atMost(
      { id: "start", title: "to ready, Postgres", bound: 1.5, unit: "s" },
      seconds(starts?.postgres)
    ),
    atMost(
      {
        id: "start",
        title: "to ready, embedded, first time",
        bound: 4,
        unit: "s",
        note: `${rate("embedded")} events/s embedded, ${rate("us")} with Postgres`
      },
      seconds(starts?.embedded)
    )
  ]
}
