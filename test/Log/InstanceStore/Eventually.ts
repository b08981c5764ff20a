import { Effect, Schedule, TestServices } from "effect"

/** Repeats a query in real time until it has this answer, and gives the answer after it. */
export const eventually = <A, E, R>(query: Effect.Effect<A, E, R>, until: (answer: A) => boolean) =>
  TestServices.provideLive(
    Effect.zipRight(Effect.repeat(query, { until, schedule: Schedule.spaced("5 millis") }), query)
  )
