/** Measures all parts one after the other; a part that fails does not stop the others. */
import type { Checkout } from "./Checkout.ts"
import { besides, contenders } from "./contenders.ts"
import { measureCrowd, measureRival } from "./crowd.ts"
import { measureDeliveries } from "./deliveries.ts"
import { measureLatency } from "./latency.ts"
import { type Trial, tryAll } from "./limit.ts"
import { whole } from "./numbers.ts"
import type { Plan } from "./programs/inserts.ts"
import { measureReaders } from "./readers.ts"
import type { Measured, Row } from "./result.ts"
import { measureStarts } from "./starts.ts"
import { type Attempt, type Contenders, takeTurns } from "./turns.ts"
import { measureWidths } from "./width.ts"

export interface Options {
  readonly runs: number
  readonly seconds: number
  /** Parts to measure; `undefined` means all. */
  readonly only: ReadonlySet<string> | undefined
  /** Number of instances in the crowd. */
  readonly crowd: number
  readonly readers: number
  /** Measured side by side with us. */
  readonly them: Checkout | undefined
  readonly tell: (line: string) => void
}

/** Parts that `--only` takes. */
export const parts = [
  "P1",
  "P2",
  "P3",
  "P4",
  "P5",
  "P6",
  "P7",
  "P8",
  "P9",
  "starts",
  "besides"
] as const
type Part = (typeof parts)[number]

const warmUp = 0.6
/** Runs of the further rows. */
const fewerRuns = 2

/** Rows that a target needs. */
const needed: Readonly<Record<"P1" | "P2" | "P3", ReadonlyArray<string>>> = {
  P1: ["postgres", "us", "them"],
  P2: ["naive", "batched", "us", "them"],
  P3: ["bare", "unstored"]
}

export const runAll = async (
  us: Checkout,
  { crowd, only, readers, runs, seconds, tell, them }: Options
): Promise<{ readonly measured: Measured; readonly failures: Record<string, string> }> => {
  const failures: Record<string, string> = {}
  const attempt: Attempt = async (what, act) => {
    const began = performance.now()
    tell(`${what} …`)
    try {
      const found = await act()
      tell(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
      return found
    } catch (error) {
      failures[what] = error instanceof Error ? error.message : String(error)
      tell(`${what} failed: ${failures[what]}`)
      return undefined
    }
  }
  const isWanted = (...some: ReadonlyArray<Part>) =>
    only === undefined || some.some((part) => only.has(part))
  const duration = { warmUp, seconds }

  const interleaved = async (
    chosen: Contenders,
    count: number
  ): Promise<Readonly<Record<string, Row>>> => {
    const rates = await takeTurns(chosen, count, duration, attempt)
    return Object.fromEntries(
      Object.entries(chosen).flatMap(([key, { name, what }]) => {
        const found = rates.get(key)
        return found === undefined ? [] : [[key, { name, what, rates: found }]]
      })
    )
  }

  const needsBest = isWanted("P1", "besides")
  const trials = needsBest
    ? await attempt("the best way into Postgres", () => tryAll(us.databases, 0.6))
    : undefined
  const best: Plan = trials?.find(({ way }) => way !== "ours") ?? bestGuess
  if (trials !== undefined) for (const trial of trials) tell(`    ${trialText(trial)}`)

  const wantedRows = (["P1", "P2", "P3"] as const).filter((part) => isWanted(part))
  const keys = new Set(wantedRows.flatMap((part) => needed[part]))
  const chosen = Object.entries(contenders(us, them, best)).filter(
    ([key]) => only === undefined || keys.has(key)
  )
  const rows = await interleaved(Object.fromEntries(chosen), runs)
  const beside = isWanted("besides")
    ? await interleaved(besides(us, best), Math.min(runs, fewerRuns))
    : {}

  const part = async <A>(what: string, wanted: ReadonlyArray<Part>, act: () => Promise<A>) =>
    isWanted(...wanted) ? attempt(what, act) : undefined
  const checkouts = them === undefined ? [us] : [us, them]
  const latency = await part("latency", ["P4"], () =>
    measureLatency(us.databases, checkouts, {
      runs,
      seconds,
      loads: [100, 300, 1000, 3000, 10_000]
    })
  )
  const [ourReaders, theirReaders] =
    (await part("readers", ["P8"], () => measureReaders(checkouts, { duration, readers, runs }))) ??
    []
  const isWide = isWanted("P6")
  const instances = await part("instances", ["P5", "P6", "P7"], () =>
    measureWidths(us, isWide ? [10, 300] : [], crowd, {
      attempt,
      duration,
      runs: isWide ? runs : 0
    })
  )
  const theirCrowd =
    them &&
    (await part("instances of theirs", ["P5", "P7"], async () => {
      const [found] = await measureCrowd(them, "global", crowd, async () => undefined)
      return found
    }))
  const namespaces = await part("instances, a connection each", ["P5", "P7"], async () => {
    const [found] = await measureCrowd(us, "namespace", crowd, async () => undefined)
    return found
  })
  const idle = (isShared: boolean) =>
    part(
      `idle socket.io-client, ${isShared ? "one connection" : "a connection each"}`,
      ["P5"],
      () => measureRival(isShared, crowd)
    )
  const footprints = {
    shared: instances?.many.footprint,
    own: namespaces?.footprint,
    rivalShared: await idle(true),
    rivalOwn: await idle(false)
  }
  const returns = { shared: instances?.many.back, own: namespaces?.back }
  const deliveries = await part("deliveries to endpoints", ["P9"], () =>
    measureDeliveries(us, { attempt, duration, runs })
  )
  const starts = await part("starts", ["starts"], () =>
    measureStarts(us.databases, Math.min(runs, fewerRuns))
  )

  return {
    failures,
    measured: {
      rows: { ...rows, ...beside },
      footprints,
      returns,
      ...(trials && { trials }),
      ...(latency && { latency }),
      ...(isWide && instances && { widths: instances.widths }),
      ...(ourReaders && { readers: ourReaders }),
      ...(them && {
        them: {
          directory: them.directory,
          ...(theirReaders && { readers: theirReaders }),
          ...(theirCrowd && { crowd: theirCrowd })
        }
      }),
      ...(deliveries && { deliveries }),
      ...(starts && { starts })
    }
  }
}

const bestGuess: Plan = { way: "copy", batch: 500, connections: 1 }

const trialText = ({ batch, rowsPerSecond, way }: Trial): string =>
  `${way}, ${batch} at once: ${whole(rowsPerSecond)} rows/s`
