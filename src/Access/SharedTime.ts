/**
 * The time by which keys and tokens expire. Replicas take that of their database, so that what one of them made or
 * revoked means the same to all, whatever their own clocks say. A process alone takes its clock.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Context, DateTime, Duration, Effect, Layer, Schedule } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import { monotonicOf } from "../Domain/Clock.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { Notices } from "../Storage/Notices.ts"

interface Time {
  readonly now: Effect.Effect<DateTime.Utc>
}

/** The clock of this process. */
const own: Time = { now: DateTime.now }

export class SharedTime extends Context.Reference<SharedTime>()("evolution-listener/SharedTime", {
  defaultValue: () => own
}) {
  static readonly layer: Layer.Layer<SharedTime, SqlError.SqlError, SqlClient.SqlClient> =
    Layer.unwrapEffect(
      Effect.map(Notices, ({ isShared }) =>
        isShared
          ? Layer.scoped(
              SharedTime,
              Effect.suspend(() => make)
            )
          : Layer.succeed(SharedTime, own)
      )
    )
}

/** Two monotonic clocks drift apart by less than a millisecond in that time. */
const measureEvery = Duration.seconds(10)
/** The error is half of the time that a measurement takes, at most. */
const measureWithin = Duration.seconds(1)

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const monotonic = monotonicOf(yield* Effect.clock)
  let offset = 0

  const measure = Effect.gen(function* () {
    const begun = monotonic()
    const [row] = yield* sql<{ millis: number }>`
      select extract(epoch from clock_timestamp())::float8 * 1000 as millis`
    if (row !== undefined) offset = row.millis - (begun + monotonic()) / 2
  })

  yield* measure
  yield* loop(
    "measurement of the database's clock",
    measure.pipe(
      Effect.disconnect,
      Effect.timeout(measureWithin),
      Effect.catchAll((error) =>
        Effect.logDebug(`Cannot measure the database's clock: ${detailOf(error)}`)
      ),
      Effect.schedule(Schedule.spaced(measureEvery))
    )
  )
  return SharedTime.of({
    now: Effect.sync(() => DateTime.unsafeMake(Math.round(offset + monotonic())))
  })
})
