/** One event on its way into the log: its size in memory, and the batches it may be written in. */
import { Either } from "effect"
import type { Ticket } from "../../Concurrency/InFlight.ts"
import { type EvolutionEvent, type QuarantinedEvent, textsOf } from "../../Domain/Event.ts"

export type Decoded = Either.Either<EvolutionEvent, QuarantinedEvent>

/** The events that one caller handed over at once. */
export interface Parcel {
  /** Open until all of them are committed, or the caller has gone. */
  readonly ticket: Ticket
  /** Number of them that are not committed yet. */
  left: number
}

export interface Item {
  /** A refused event is replaced by its quarantine row. */
  decoded: Decoded
  /** Set as soon as the database has it, so that a restarted writer does not write it again. */
  isCommitted: boolean
  /** About how much it makes the process grow. */
  readonly bytes: number
  /** Our clock, ms since 1970 UTC. */
  readonly takenAt: number
  /** Called once it is committed, or found in the log already. */
  readonly onCommitted: ((isNew: boolean) => void) | undefined
  readonly parcel: Parcel
}

export type Batch = ReadonlyArray<Item>

/**
 * A batch ends at whichever comes first; a history chunk alone can have tens of MB. With more events at
 * once Postgres' allocator gives its memory back after each batch, and has to ask for it again.
 */
const maxBatchEvents = 1000
const maxBatchBytes = 8 * 1024 * 1024

/**
 * An item makes the process grow by what it holds (a byte a character, two as soon as one of them is
 * beyond Latin-1), and as much again, as V8's heap has when it grows. Measured: 2.2 to 3 KB for a message
 * of 950 characters.
 */
const overhead = 1000
const beyondLatin1 = /[\u0100-\uffff]/

export const sizeOf = (decoded: Decoded): number =>
  Either.match(decoded, {
    onLeft: ({ json }) => [json],
    onRight: textsOf
  }).reduce((sum, text) => sum + text.length * (beyondLatin1.test(text) ? 4 : 2), overhead)

/** Says that an event was fetched again, and so may be in the log already. */
export const isFetched = ({ decoded }: Pick<Item, "decoded">): boolean =>
  Either.isRight(decoded) &&
  (decoded.right.origin === "backfill" || decoded.right.origin === "import")

/** Fetched messages are compared with the log, so events before them have to be committed first. */
export const firstBatch = (items: Batch): Batch => {
  const [first] = items
  if (first === undefined) return []
  const fetched = isFetched(first)
  let [count, bytes] = [0, 0]
  for (const item of items) {
    bytes += item.bytes
    if (count === maxBatchEvents || (count > 0 && bytes > maxBatchBytes)) break
    if (isFetched(item) !== fetched) break
    count++
  }
  return items.slice(0, count)
}
