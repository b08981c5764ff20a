/** The result of a run of the bench. */
import type { CrowdResult, Footprint, ReturnResult } from "./crowd.ts"
import type { DeliveriesResult } from "./deliveries.ts"
import type { LatencyResult } from "./latency.ts"
import type { Trial } from "./limit.ts"
import type { Machine } from "./Machine.ts"
import type { ReadersResult } from "./readers.ts"
import type { StartsResult } from "./starts.ts"
import type { Rate } from "./throughput.ts"
import type { Width } from "./width.ts"

export interface Row {
  readonly name: string
  readonly what: string
  readonly rates: ReadonlyArray<Rate>
}

/** Parts that were left out or failed are missing. */
export interface Measured {
  /** The table's rows, by contender. */
  readonly rows: Readonly<Record<string, Row>>
  readonly trials?: ReadonlyArray<Trial>
  readonly latency?: LatencyResult
  /** Memory of an idle listener, ours and `socket.io-client`'s, on one connection for all and on one for each. */
  readonly footprints: Partial<
    Record<"shared" | "own" | "rivalShared" | "rivalOwn", Footprint | undefined>
  >
  readonly returns: Partial<Record<"shared" | "own", ReturnResult | undefined>>
  readonly widths?: ReadonlyArray<Width>
  readonly readers?: ReadersResult
  readonly deliveries?: DeliveriesResult
  readonly starts?: StartsResult
  /** The checkout that `--against` names; its rates are in the row "them", its latency is in the pairs. */
  readonly them?: Them
}

export interface Them {
  readonly directory: string
  readonly readers?: ReadersResult
  /** On one connection for all instances. */
  readonly crowd?: CrowdResult
}

export interface Result {
  readonly date: string
  readonly seconds: number
  readonly machine: Machine
  readonly postgres: {
    readonly version: string
    readonly settings: Readonly<Record<string, string>>
  }
  readonly measured: Measured
  /** Errors of parts that could not be measured, by title. */
  readonly failures: Readonly<Record<string, string>>
}
