/**
 * What was taken in and is not committed yet: one queue, bounded by its size in memory and by its
 * age. Beyond either bound whoever brings more waits, and with it the socket.
 */
import { type Chunk, Duration, Effect, Either, Fiber, Mailbox, Option } from "effect"
import { type EvolutionEvent, type QuarantinedEvent, textsOf } from "../../Domain/Event.ts"
import * as Activity from "./Activity.ts"

export type Decoded = Either.Either<EvolutionEvent, QuarantinedEvent>

export interface Item {
  readonly decoded: Decoded
  /** About how much it makes the process grow. */
  readonly bytes: number
  /** Our clock, ms since 1970 UTC. */
  readonly takenAt: number
  /** Told once it is committed, or found in the log already. */
  readonly settled: ((isNew: boolean) => void) | undefined
  readonly parcel: Parcel
}

/** What was brought at once. */
interface Parcel {
  /** Since when it is here, or on its way through the house; ms since 1970 UTC. */
  readonly since: number
  /** How many of its items are not committed yet. */
  left: number
}

/**
 * A batch ends at whichever comes first; a history chunk alone can have tens of MB. With more events at
 * once Postgres' allocator gives its memory back after each batch, and has to ask for it again.
 */
const maxBatchEvents = 1000
const maxBatchBytes = 8 * 1024 * 1024

/** What waits to be written. */
export interface Depth {
  readonly events: number
  /** In memory, about. */
  readonly bytes: number
  /** Of the oldest. */
  readonly age: Duration.Duration
}

export interface Bounds {
  readonly maxBytes: number
  readonly maxAge: Duration.Duration
}

/**
 * How much an item makes the process grow, which is what has a limit where it runs: what it holds (a
 * byte a character, two as soon as one of them is beyond Latin-1), and as much again, as V8's heap has
 * when it grows. Measured: 2.2 to 3 KB for a message of 950 characters.
 */
const overhead = 1000
const beyondLatin1 = /[\u0100-\uffff]/

const sizeOf = (decoded: Decoded): number =>
  Either.match(decoded, {
    onLeft: ({ json }) => (json === null ? [] : [json]),
    onRight: textsOf
  }).reduce(
    (sum, text) =>
      sum + text.length * (typeof text === "string" && beyondLatin1.test(text) ? 4 : 2),
    overhead
  )

export type Batch = ReadonlyArray<Item>

export interface Writing {
  readonly commit: (batch: Batch) => Effect.Effect<Effect.Effect<void>>
  readonly prepare: (batch: Batch) => Effect.Effect<void>
}

/** Node has sent a statement by then. */
const underWay = Effect.async<void>((resume) => {
  const turn = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(turn))
})

export const make = ({ maxAge, maxBytes }: Bounds) =>
  Effect.gen(function* () {
    const queue = yield* Mailbox.make<Item>()
    const room = yield* Effect.makeLatch(true)
    const clock = yield* Effect.clock
    const now = () => clock.unsafeCurrentTimeMillis()
    const activity = yield* Activity.make
    let [events, bytes] = [0, 0]
    /** When the oldest was taken in that is not committed; `undefined`: all is. */
    let oldest: number | undefined
    /** Those that are not committed, or wait for room. */
    const parcels = new Set<Parcel>()
    let fullSince: number | undefined
    let fullUntil: number | undefined

    const isFull = () =>
      bytes >= maxBytes || (oldest !== undefined && now() - oldest > Duration.toMillis(maxAge))

    /** Waits for a commit to make room, then looks again: others waited too. */
    const admission: Effect.Effect<void> = Effect.suspend(() => {
      if (!isFull()) return Effect.void
      fullSince ??= now()
      room.unsafeClose()
      return Effect.zipRight(room.await, admission)
    })

    /** `left`: the time of the oldest that is uncommitted now. */
    const release = (batch: Batch, left: number | undefined) =>
      Effect.sync(() => {
        events -= batch.length
        for (const { bytes: size, parcel } of batch) {
          bytes -= size
          if (--parcel.left === 0) parcels.delete(parcel)
        }
        oldest = bytes === 0 ? undefined : left
        if (fullSince !== undefined) fullUntil = now()
        if (!isFull()) fullSince = undefined
        room.unsafeOpen()
      })

    return {
      /** Waits for room; then takes all of it, in order. `since`: the first of it was received then. */
      add: (
        make: () => ReadonlyArray<readonly [Decoded, Item["settled"]]>,
        since = Number.POSITIVE_INFINITY
      ) =>
        Effect.suspend(() => {
          const parcel: Parcel = { since: Math.min(since, now()), left: 0 }
          parcels.add(parcel)
          const take = Effect.suspend(() => {
            const takenAt = now()
            const items = make().map(
              ([decoded, settled]): Item => ({
                decoded,
                settled,
                takenAt,
                parcel,
                bytes: sizeOf(decoded)
              })
            )
            if (items.length === 0) return Effect.void
            if (events === 0) activity.note()
            events += items.length
            for (const item of items) bytes += item.bytes
            parcel.left = items.length
            oldest ??= takenAt
            return Effect.asVoid(queue.offerAll(items))
          })
          return Effect.ensuring(
            Effect.zipRight(admission, take),
            Effect.sync(() => {
              if (parcel.left === 0) parcels.delete(parcel)
            })
          )
        }),
      /**
       * Hands over what waits, batch after batch, until the queue has ended. `commit` gives what is left to
       * do once a batch is committed; that, and `prepare`, are done while the next one is under way.
       */
      drain: ({ commit, prepare }: Writing): Effect.Effect<void> => {
        /** Taken, and not begun. Of what is still in the queue, nothing is older than `taken`. */
        let waiting: ReadonlyArray<Batch> = []
        let taken = now()

        /** A batch that is not full goes on with what has come since. */
        const take = (items: Chunk.Chunk<Item>) => {
          const last = waiting.at(-1) ?? []
          waiting = [...waiting.slice(0, -1), ...batches([...last, ...items])]
          taken = now()
        }
        const takeNow = Effect.map(queue.clear, take)
        const isMore = () => waiting.length > 0 || Option.getOrElse(queue.unsafeSize(), () => 0) > 0

        /** While a batch is under way, does what is left of the one before, and prepares the next one. */
        const meanwhile = (batch: Batch, rest: Effect.Effect<void>) =>
          Effect.gen(function* () {
            const committing = yield* Effect.fork(commit(batch))
            if (isMore()) yield* underWay
            yield* rest
            yield* takeNow
            // Full, so that it will be this very one. What goes wrong here goes wrong again in its turn.
            const [next, after] = waiting
            if (next !== undefined && after !== undefined) yield* Effect.exit(prepare(next))
            return yield* Fiber.join(committing)
          })

        /** `rest`: what is left to do of the batch before. */
        const write = Effect.fnUntraced(function* (batch: Batch, rest: Effect.Effect<void>) {
          const isAlone = rest === Effect.void && !isMore()
          const left = yield* isAlone ? commit(batch) : meanwhile(batch, rest)
          yield* takeNow
          const isLast = waiting.length === 0
          if (isLast) yield* left
          yield* release(batch, waiting[0]?.[0]?.takenAt ?? taken)
          return isLast ? Effect.void : left
        })

        const next = (rest: Effect.Effect<void>): Effect.Effect<void> => {
          const [batch, ...others] = waiting
          if (batch !== undefined) {
            waiting = others
            return Effect.flatMap(write(batch, rest), next)
          }
          return Effect.flatMap(queue.takeAll, ([items, done]) => {
            take(items)
            oldest = waiting[0]?.[0]?.takenAt
            return done && waiting.length === 0 ? Effect.void : Effect.suspend(() => next(rest))
          })
        }
        return Effect.suspend(() => next(Effect.void))
      },
      end: queue.end,
      trying: activity.trying,
      /** How much waits, or is being written. */
      depth: Effect.sync(
        (): Depth => ({
          events,
          bytes,
          age: Duration.millis(oldest === undefined ? 0 : Math.max(0, now() - oldest))
        })
      ),
      /** For how long something waits and nobody tries to write it; zero: nothing does. */
      idle: Effect.sync(() => (events === 0 ? Duration.zero : activity.idle())),
      /** Everything received before this time is committed, if it was brought. */
      committedUntil: Effect.sync(() => {
        let until = now()
        for (const { since } of parcels) until = Math.min(until, since)
        return until
      }),
      /** Since when somebody waits for room; `undefined`: nobody does. */
      fullSince: Effect.sync(() => fullSince),
      /** Until when somebody waited last; `undefined`: nobody ever did. */
      fullUntil: Effect.sync(() => (fullSince === undefined ? fullUntil : now()))
    }
  })

/** Whether it is a message that was asked for again. */
export const isFetched = ({ decoded }: Pick<Item, "decoded">): boolean =>
  Either.isRight(decoded) && decoded.right.origin === "backfill"

/** Fetched messages are compared with the log, so what came before them has to be in it. */
const batches = (items: Iterable<Item>): ReadonlyArray<Batch> => {
  const all: Array<Array<Item>> = []
  let [count, bytes, fetched] = [maxBatchEvents, 0, false]
  for (const item of items) {
    const size = item.bytes
    if (count >= maxBatchEvents || bytes + size > maxBatchBytes || isFetched(item) !== fetched) {
      all.push([])
      ;[count, bytes, fetched] = [0, 0, isFetched(item)]
    }
    all.at(-1)?.push(item)
    count++
    bytes += size
  }
  return all
}
