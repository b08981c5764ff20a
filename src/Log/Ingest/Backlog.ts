/**
 * Events that are received and not committed yet: one queue, bounded by its size in memory and by its
 * age. Beyond either bound its callers wait, and their sockets are read no further.
 */
import { Duration, Effect } from "effect"
import * as InFlight from "../../Concurrency/InFlight.ts"
import { type Batch, type Decoded, firstBatch, type Item, type Parcel, sizeOf } from "./Item.ts"

/** The size of the backlog. */
export interface Depth {
  readonly events: number
  /** In memory, about. */
  readonly bytes: number
  /** Age of the oldest event. */
  readonly age: Duration.Duration
}

export interface Bounds {
  readonly maxBytes: number
  readonly maxAge: Duration.Duration
}

export const make = ({ maxAge, maxBytes }: Bounds) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const now = () => clock.unsafeCurrentTimeMillis()
    /** In the order of the log. The batch that is being written stays at the front until it is released. */
    const items: Array<Item> = []
    const inFlight = InFlight.make()
    /** Opened whenever a batch is committed, or a caller leaves. */
    const progress = yield* Effect.makeLatch(true)
    const work = yield* Effect.makeLatch(false)
    let hasEnded = false
    let bytes = 0
    /** On the clock that does not jump. */
    let waitingSince = 0n
    let fullSince: number | undefined
    let fullUntil: number | undefined

    const age = () => (items[0] === undefined ? 0 : Math.max(0, now() - items[0].takenAt))
    const isFull = () => bytes >= maxBytes || age() > Duration.toMillis(maxAge)

    /** Waits for a commit to make room, then looks again: other callers waited too. */
    const admission: Effect.Effect<void> = Effect.suspend(() => {
      if (!isFull()) return Effect.void
      fullSince ??= now()
      progress.unsafeClose()
      return Effect.zipRight(progress.await, admission)
    })

    const append = (
      added: ReadonlyArray<readonly [Decoded, Item["onCommitted"]]>,
      parcel: Parcel
    ) => {
      if (hasEnded || added.length === 0) return
      if (items.length === 0) waitingSince = clock.unsafeCurrentTimeNanos()
      const takenAt = now()
      for (const [decoded, onCommitted] of added) {
        const size = sizeOf(decoded)
        bytes += size
        items.push({ decoded, onCommitted, takenAt, parcel, bytes: size, isCommitted: false })
      }
      parcel.left = added.length
      work.unsafeOpen()
    }

    const release = (batch: Batch) => {
      items.splice(0, batch.length)
      for (const { bytes: size, parcel } of batch) {
        bytes -= size
        if (--parcel.left === 0) inFlight.done(parcel.ticket)
      }
      if (fullSince !== undefined) fullUntil = now()
      if (!isFull()) fullSince = undefined
      progress.unsafeOpen()
    }

    return {
      /** Waits for room; then takes all that `make` gives, in order. `since`: when the first was received. */
      add: (
        make: () => ReadonlyArray<readonly [Decoded, Item["onCommitted"]]>,
        since = Number.POSITIVE_INFINITY
      ) =>
        Effect.suspend(() => {
          const parcel: Parcel = { ticket: inFlight.begin(Math.min(since, now())), left: 0 }
          return admission.pipe(
            Effect.zipRight(Effect.sync(() => append(make(), parcel))),
            Effect.ensuring(
              Effect.sync(() => {
                if (parcel.left > 0) return
                inFlight.done(parcel.ticket)
                progress.unsafeOpen()
              })
            )
          )
        }),
      /**
       * Writes batch after batch until the backlog has ended and is empty. Run again after a crash, it
       * goes on with the same batch, less the events that are committed.
       */
      drain: (write: (batch: Batch) => Effect.Effect<void>): Effect.Effect<void> =>
        Effect.gen(function* () {
          while (true) {
            while (items.length === 0) {
              if (hasEnded) return
              work.unsafeClose()
              yield* work.await
            }
            const batch = firstBatch(items)
            yield* write(batch.filter(({ isCommitted }) => !isCommitted))
            release(batch)
          }
        }),
      /** Waits until everything that was received before this call is committed, if it was handed over. */
      flush: Effect.suspend(() => {
        const until = now()
        const wait: Effect.Effect<void> = Effect.suspend(() => {
          if ((inFlight.least() ?? Number.POSITIVE_INFINITY) > until) return Effect.void
          progress.unsafeClose()
          return Effect.zipRight(progress.await, wait)
        })
        return wait
      }),
      /** Takes nothing more; `drain` ends with the last batch. */
      end: Effect.sync(() => {
        hasEnded = true
        work.unsafeOpen()
      }),
      depth: Effect.sync(
        (): Depth => ({ events: items.length, bytes, age: Duration.millis(age()) })
      ),
      /** Time since the backlog was empty last; zero while it is. */
      waiting: Effect.sync(() =>
        items.length === 0
          ? Duration.zero
          : Duration.nanos(clock.unsafeCurrentTimeNanos() - waitingSince)
      ),
      /** Everything received before this time and handed over is committed; ms since 1970 UTC. */
      committedUntil: Effect.sync(() => Math.min(now(), inFlight.least() ?? now())),
      /** Since when a caller waits for room; `undefined`: none does. */
      fullSince: Effect.sync(() => fullSince),
      /** Time at which a caller waited last; `undefined`: none ever did. */
      fullUntil: Effect.sync(() => (fullSince === undefined ? fullUntil : now()))
    }
  })
