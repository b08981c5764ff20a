/**
 * The wall clock of a replica is that of the database: two owners write the two ends of one gap, and the clocks of
 * their machines may differ. Deadlines are counted on the monotonic clock of the process, as ever.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Clock, Duration, Effect, Layer, Option, Schedule, type Scope } from "effect"
import type { Settings } from "../AppConfig/Settings.ts"
import * as AppConfig from "../AppConfig.ts"
import { loop } from "../Concurrency/Supervise.ts"
import { type MonotonicMillis, monotonicOf, wallOf } from "../Domain/Clock.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"

/** A clock that is set is found within that time. */
const measureEvery = Duration.minutes(1)
/** A smaller difference is left as it is: time that steps back by it would be worse. */
const tolerance = 100
/** A larger one is worth a word. */
const tellFrom = 2000

interface Measured {
  /** ms by which the database's clock is ahead of this machine's. */
  readonly ahead: number
  /** It may be wrong by so many ms. */
  readonly error: number
}

const measure = (clock: Clock.Clock) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [wall, monotonic] = [wallOf(clock), monotonicOf(clock)]
    const begin: MonotonicMillis = monotonic()
    const [row] = yield* sql<{ now: number }>`
      select (extract(epoch from clock_timestamp()) * 1000)::double precision as now`
    const error = (monotonic() - begin) / 2
    return { ahead: (row?.now ?? wall()) - (wall() - error), error } satisfies Measured
  })

const shifted = (clock: Clock.Clock, ahead: () => number): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + ahead(),
  currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + ahead()),
  unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
  currentTimeNanos: clock.currentTimeNanos,
  sleep: (duration) => clock.sleep(duration)
})

/** Follows the database's clock until the scope closes. */
export const make: Effect.Effect<
  Clock.Clock,
  SqlError.SqlError,
  SqlClient.SqlClient | Scope.Scope
> = Effect.gen(function* () {
  const own = yield* Effect.clock
  let ahead = 0
  const follow = Effect.flatMap(measure(own), (measured) => {
    if (Math.abs(measured.ahead - ahead) <= tolerance + measured.error) return Effect.void
    ahead = Math.round(measured.ahead)
    if (Math.abs(ahead) < tellFrom) return Effect.void
    const seconds = Math.round(Math.abs(ahead) / 1000)
    return Effect.logWarning(
      `This machine's clock is ${seconds} s ${ahead < 0 ? "ahead of" : "behind"} the database's, which counts here: set both by NTP`
    )
  })
  yield* follow
  yield* loop(
    "look at the database's clock",
    follow.pipe(
      Effect.catchAll((error) =>
        Effect.logDebug(`Cannot ask the database for the time: ${detailOf(error)}`)
      ),
      Effect.delay(measureEvery),
      Effect.repeat(Schedule.forever)
    )
  )
  return shifted(own, () => ahead)
})

/** For replicas; a process alone has its own clock. */
export const layer: Layer.Layer<
  never,
  Effect.Effect.Error<typeof AppConfig.cluster> | SqlError.SqlError,
  SqlClient.SqlClient | Settings
> = Layer.unwrapScoped(
  Effect.flatMap(
    AppConfig.cluster,
    Option.match({
      onNone: () => Effect.succeed(Layer.empty),
      onSome: () => Effect.map(make, Layer.setClock)
    })
  )
)
