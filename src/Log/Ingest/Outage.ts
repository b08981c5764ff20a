/** The state of the database, as the answers to our statements tell it. */
import type { SqlError } from "@effect/sql"
import { DateTime, Duration, Effect } from "effect"
import * as CheaperEffect from "../../Concurrency/CheaperEffect.ts"
import type { Degraded } from "../../Domain/Degraded.ts"
import { classify, outageOf, untilBack } from "../../Storage/Failure.ts"
import * as Count from "./Count.ts"

const retryPolicy = untilBack("100 millis")

/** A connection may be half-open: no answer for so long is no answer. */
const patience = Duration.seconds(10)

/** False: the database is there, and refuses the values or the writer. */
const isOutage = (error: SqlError.SqlError): boolean => !["data", "taken"].includes(classify(error))

/** The writer's own statements, and others. */
type Source = "writer" | "others"

export type Outage = Effect.Effect.Success<ReturnType<typeof make>>

/** `wordsOf`: an error's message without secrets. */
export const make = Effect.fnUntraced(function* (wordsOf: (error: SqlError.SqlError) => string) {
  const clock = yield* Effect.clock
  const now = () => clock.unsafeCurrentTimeMillis()
  /** One may fail and the other not: a full disk still takes an update of a row. */
  const trouble: Record<Source, Degraded | null> = { writer: null, others: null }
  /** Statements without an answer yet. `at`: ms since 1970 UTC. */
  const pending = new Set<{ readonly source: Source; readonly at: number }>()
  /** The end of the writer's last statement, on the clock that does not jump. */
  let wrote = clock.unsafeCurrentTimeNanos()

  const failed = (source: Source, error: SqlError.SqlError) => {
    if (!isOutage(error)) return
    const reason = outageOf(error)
    const before = trouble[source]
    const since = before?.reason === reason ? before.since : DateTime.unsafeMake(now())
    const message = `The database takes nothing: ${wordsOf(error)}`
    trouble[source] = { reason, since, message }
  }

  const succeeded = (source: Source) => {
    trouble[source] = null
    if (source === "writer") trouble.others = null
  }

  const watched = <A>(source: Source, statement: Effect.Effect<A, SqlError.SqlError>) =>
    Effect.suspend(() => {
      const asked = { source, at: now() }
      pending.add(asked)
      return Effect.onExit(statement, (exit) =>
        Effect.sync(() => {
          pending.delete(asked)
          if (source === "writer") wrote = clock.unsafeCurrentTimeNanos()
          if (exit._tag === "Success") succeeded(source)
          else if (exit.cause._tag === "Fail") failed(source, exit.cause.error)
        })
      )
    })

  return {
    /** Runs a statement that is not the writer's, and learns from its end. */
    observe: <A>(statement: Effect.Effect<A, SqlError.SqlError>) => watched("others", statement),
    /** Tries until the database is back; fails only when it refuses the values, or the writer. */
    persistently: <A>(count: number, statement: Effect.Effect<A, SqlError.SqlError>) =>
      CheaperEffect.retry(
        Effect.tapError(watched("writer", statement), (error) =>
          !isOutage(error)
            ? Effect.void
            : Effect.zipRight(
                Effect.sync(() => Count.failure(outageOf(error))),
                Effect.logError(`Cannot commit ${count} events, trying again: ${wordsOf(error)}`)
              )
        ),
        { schedule: retryPolicy, while: isOutage }
      ),
    /** Time since the writer's last statement ended; zero while one is under way. */
    quiet: Effect.sync(() =>
      [...pending].some(({ source }) => source === "writer")
        ? Duration.zero
        : Duration.nanos(clock.unsafeCurrentTimeNanos() - wrote)
    ),
    /** The trouble there is; `null` when all is well. */
    now: Effect.sync((): Degraded | null => {
      const told = trouble.writer ?? trouble.others
      if (told !== null) return told
      const first = Math.min(...[...pending].map(({ at }) => at))
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
