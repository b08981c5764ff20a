/**
 * Whether the process is in order (`live`), and whether it can do its work (`ready`). A listener that
 * was stopped on purpose, or that Evolution keeps out, makes neither of them false: its state says so.
 */
import { Context, Duration, Effect, Layer, Schedule } from "effect"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { NotLive, NotReady } from "../Domain/Health.ts"
import { latest } from "../Storage/migrations.ts"
import { EventStore } from "./EventStore.ts"
import { Ingest } from "./Ingest.ts"

export class Health extends Context.Tag("evolution-listener/Health")<
  Health,
  {
    /** The event loop turns and the writer writes, or waits for the database. */
    readonly live: Effect.Effect<void, NotLive>
    /** The database answers, takes what is written, and has the schema we know. */
    readonly ready: Effect.Effect<void, NotReady>
  }
>() {
  static readonly layer = Layer.scoped(
    Health,
    Effect.suspend(() => make)
  )
}

const beatEvery = Duration.seconds(1)

/** A turn of the loop that took longer is no hiccup. */
const stallLimit = Duration.seconds(10)

/** The writer tries again after 5 s and a little at the latest, so by then it is stuck. */
const idleLimit = Duration.seconds(30)

/** Whoever asks has a deadline, too. */
const answerTimeout = Duration.seconds(2)

const make = Effect.gen(function* () {
  const ingest = yield* Ingest
  const store = yield* EventStore
  // On the clock that does not jump.
  const clock = yield* Effect.clock
  let beaten = clock.unsafeCurrentTimeNanos()
  let stall: { readonly took: Duration.Duration; readonly until: bigint } | undefined

  const beat = Effect.sync(() => {
    const now = clock.unsafeCurrentTimeNanos()
    const took = Duration.nanos(now - beaten)
    if (Duration.greaterThan(took, stallLimit)) stall = { took, until: now }
    beaten = now
  })
  yield* Effect.forkScoped(Effect.schedule(beat, Schedule.spaced(beatEvery)))

  /** A loop that stands still cannot say so: it does for a while afterwards. */
  const stalled = Effect.sync(() => {
    const now = clock.unsafeCurrentTimeNanos()
    const since = Duration.nanos(now - beaten)
    const isLate = stall !== undefined && now - stall.until < Duration.unsafeToNanos(stallLimit)
    return isLate && stall !== undefined ? Duration.max(since, stall.took) : since
  })

  return Health.of({
    live: Effect.gen(function* () {
      const stood = yield* stalled
      if (Duration.greaterThan(stood, stallLimit))
        return yield* new NotLive({
          reason: "event_loop",
          message: `The event loop stood still for ${seconds(stood)} s`
        })
      const idle = yield* ingest.idle
      if (Duration.greaterThan(idle, idleLimit))
        return yield* new NotLive({
          reason: "writer",
          message: `Events wait, and for ${seconds(idle)} s nothing was tried to write them`
        })
    }),
    ready: Effect.gen(function* () {
      // It may answer and take nothing: read-only, or full.
      const degraded = yield* ingest.degraded
      if (degraded !== null) {
        const { message, reason } = degraded
        return yield* new NotReady({ message, reason })
      }
      const { isReadOnly, migration } = yield* store.condition.pipe(
        // To cancel a question takes as long as the database pleases.
        Effect.disconnect,
        Effect.timeout(answerTimeout),
        Effect.mapError(
          (error) =>
            new NotReady({
              reason: "database_unavailable",
              message: `The database does not answer: ${detailOf(error)}`
            })
        )
      )
      if (isReadOnly)
        return yield* new NotReady({
          reason: "database_read_only",
          message: "The database takes no writes: it is read-only"
        })
      if (migration !== latest)
        return yield* new NotReady({
          reason: "schema_differs",
          message: `The database has migration ${migration}, this version needs ${latest}: start it anew, or the version that belongs to it`
        })
    })
  })
})

const seconds = (duration: Duration.Duration): number => Math.round(Duration.toSeconds(duration))
