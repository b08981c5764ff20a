/** How the database takes what it is given: what is wrong with it, as its last answers tell. */
import type { SqlError } from "@effect/sql"
import { DateTime, Duration, Effect } from "effect"
import * as CheaperEffect from "../../Concurrency/CheaperEffect.ts"
import type { Degraded } from "../../Domain/Degraded.ts"
import { classify, outageOf, untilBack } from "../../Storage/Failure.ts"
import * as Count from "./Count.ts"

const retryPolicy = untilBack("100 millis")

/** A connection may be half-open: no answer for so long is no answer. */
const patience = Duration.seconds(10)

export type Outage = Effect.Effect.Success<ReturnType<typeof make>>

/** `wordsOf`: what an error says, without what is secret. */
export const make = Effect.fnUntraced(function* (wordsOf: (error: SqlError.SqlError) => string) {
  const clock = yield* Effect.clock
  const now = () => clock.unsafeCurrentTimeMillis()
  /** What may fail while the other does not: a row can be changed on a disk that has no room for more. */
  const trouble: Record<"queue" | "beside", Degraded | null> = { queue: null, beside: null }
  /** When each statement began that has no answer yet; ms since 1970 UTC. */
  const asked = new Set<{ readonly at: number }>()

  const suffer = (source: keyof typeof trouble, error: SqlError.SqlError) => {
    const reason = outageOf(error)
    const before = trouble[source]
    const since = before?.reason === reason ? before.since : DateTime.unsafeMake(now())
    const message = `The database takes nothing: ${wordsOf(error)}`
    trouble[source] = { reason, since, message }
  }

  const writing = <A>(
    source: keyof typeof trouble,
    statement: Effect.Effect<A, SqlError.SqlError>
  ) =>
    Effect.suspend(() => {
      const question = { at: now() }
      asked.add(question)
      return Effect.ensuring(
        statement,
        Effect.sync(() => asked.delete(question))
      )
    }).pipe(
      Effect.tapBoth({
        onFailure: (error) =>
          Effect.sync(() => {
            if (classify(error) !== "data") suffer(source, error)
          }),
        onSuccess: () =>
          Effect.sync(() => {
            trouble[source] = null
            if (source === "queue") trouble.beside = null
          })
      })
    )

  return {
    /** A statement beside the queue that writes: how it ends tells how the database is. */
    observe: <A>(statement: Effect.Effect<A, SqlError.SqlError>) => writing("beside", statement),
    /** Tries until the database is back; fails only when it is the values that it refuses. */
    persistently: <A>(count: number, statement: Effect.Effect<A, SqlError.SqlError>) =>
      CheaperEffect.retry(
        Effect.tapError(writing("queue", statement), (error) =>
          classify(error) === "data"
            ? Effect.void
            : Effect.zipRight(
                Effect.sync(() => Count.failure(outageOf(error))),
                Effect.logError(`Cannot commit ${count} events, trying again: ${wordsOf(error)}`)
              )
        ),
        { schedule: retryPolicy, while: (error) => classify(error) !== "data" }
      ),
    /** What is wrong; `null` when all is well. */
    now: Effect.sync((): Degraded | null => {
      const told = trouble.queue ?? trouble.beside
      if (told !== null) return told
      const first = Math.min(...[...asked].map(({ at }) => at))
      return now() - first > Duration.toMillis(patience)
        ? {
            reason: "database_unavailable",
            since: DateTime.unsafeMake(first),
            message: "The database takes nothing: it does not answer"
          }
        : null
    })
  }
})
