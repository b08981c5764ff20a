/** The pauses before a stream that was interrupted is opened again. */
import { Duration, Schedule } from "effect"
import { type Interruption, pauses } from "../Reading.ts"

const growing = Schedule.exponential(pauses.first).pipe(
  Schedule.union(Schedule.spaced(pauses.longest)),
  Schedule.jitteredWith({ min: 1 - pauses.shortening, max: 1 })
)

/**
 * Doubles the pause from 1 s to 30 s, shortens each at random by up to half, and adds what the answer asked for.
 * An event or a heartbeat makes it begin anew. Ends never.
 */
export const reconnect: Schedule.Schedule<Interruption, Interruption> =
  Schedule.identity<Interruption>().pipe(
    Schedule.zipLeft(growing),
    Schedule.modifyDelay(({ retryAfter = 0 }, pause) => Duration.sum(pause, retryAfter))
  )
