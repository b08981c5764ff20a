/**
 * LISTEN on a connection of its own, which sends, too: that takes less than by the pool. A lost connection is opened again;
 * one that hears nothing is found out.
 */
import { SqlError } from "@effect/sql"
import { Data, Deferred, Duration, Effect, Schedule } from "effect"
import pg from "pg"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import type { Open } from "../Postgres/Session.ts"

export interface Line {
  /** Sends a notice. It gets lost if the connection does. */
  readonly send: (payload: string) => Effect.Effect<void, SqlError.SqlError>
}

interface Options {
  readonly open: Open
  readonly channel: string
  /** Sends `ping`, by another connection. */
  readonly sendPing: Effect.Effect<unknown, unknown>
  /** The notice by which the connection is tried; nobody else sends it. */
  readonly ping: string
  /** Called when notices arrive from now on, those before may be lost; and, with none, when they arrive no more. */
  readonly up: (line: Line | undefined) => void
  /** Called with all other notices. */
  readonly heard: (payload: string) => void
}

/** No notice comes, though they are sent: so it is behind a pooler that gives a session to each transaction. */
class Deaf extends Data.TaggedError("Deaf") {}

/** It also keeps the connection from being silent for so long that it is taken for dead. */
const pingEvery = Duration.seconds(15)
const pingWithin = Duration.seconds(5)

/** A pooler stays what it is. */
const deafPause = Duration.minutes(1)

const reconnect = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("5 seconds")),
  Schedule.jittered,
  Schedule.resetAfter("1 minute")
)

const failed = (cause: unknown) => new SqlError.SqlError({ cause, message: "Failed to listen" })

/** Listens as long as it is let. */
export const hear = (options: Options): Effect.Effect<never> => {
  let isTold = false
  const tellDeaf = Effect.suspend(() => {
    if (isTold) return Effect.void
    isTold = true
    return Effect.logInfo(
      "No notices come through to LISTEN, as behind a pooler in transaction mode: changes by other replicas are looked for at intervals"
    )
  })
  return session(options).pipe(
    Effect.catchTag("Deaf", (deaf) =>
      tellDeaf.pipe(Effect.zipRight(Effect.sleep(deafPause)), Effect.zipRight(deaf))
    ),
    Effect.tapErrorTag("SqlError", (error) =>
      Effect.logDebug(`Cannot listen to other replicas, trying again: ${detailOf(error)}`)
    ),
    Effect.retry(reconnect),
    Effect.orDie // the schedule has no end
  )
}

const query = (client: pg.Client, text: string): Effect.Effect<void, SqlError.SqlError> =>
  Effect.async((resume) => {
    client.query(text, (error: Error | null) =>
      resume(error === null ? Effect.void : Effect.fail(failed(error)))
    )
  })

/**
 * A notice need not outlive a crash of Postgres, so nobody waits for the disk. The setting ends with the statement: a
 * pooler would give it to somebody who has to wait.
 */
export const statement = (channel: string, payload: string): string =>
  `select set_config('synchronous_commit', 'off', true), pg_notify(${pg.escapeLiteral(channel)}, ${pg.escapeLiteral(payload)})`

const session = ({ channel, heard, open, ping, sendPing, up }: Options) =>
  Effect.scoped(
    Effect.gen(function* () {
      const client = yield* open
      const lost = yield* Deferred.make<never, SqlError.SqlError>()
      const echo = yield* Effect.makeLatch(false)
      client.on("end", () =>
        Deferred.unsafeDone(lost, failed(new Error("the connection was closed")))
      )
      client.on("notification", ({ payload = "" }) => {
        if (payload === ping) echo.unsafeOpen()
        else heard(payload)
      })
      const check = (silent: Effect.Effect<never, Deaf | SqlError.SqlError>) =>
        echo.close.pipe(
          Effect.zipRight(Effect.mapError(sendPing, failed)),
          Effect.zipRight(Effect.timeoutOption(echo.await, pingWithin)),
          Effect.flatMap((answer) => (answer._tag === "None" ? silent : Effect.void))
        )
      const listening = Effect.gen(function* () {
        yield* query(client, `listen ${pg.escapeIdentifier(channel)}`)
        yield* check(new Deaf())
        yield* Effect.acquireRelease(
          Effect.sync(() => up({ send: (payload) => query(client, statement(channel, payload)) })),
          () => Effect.sync(() => up(undefined))
        )
        yield* Effect.logDebug("Notices of other replicas arrive")
        return yield* Effect.forever(
          Effect.delay(check(Effect.fail(failed(new Error("no answer")))), pingEvery)
        )
      })
      return yield* Effect.raceFirst(listening, Deferred.await(lost))
    })
  )
