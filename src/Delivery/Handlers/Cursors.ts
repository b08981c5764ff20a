/** The cursors of durable handlers in one server, as the database has them. Only the server's owner moves them. */
import type { SqlClient, SqlError } from "@effect/sql"
import { Effect } from "effect"
import { ownedBy } from "../../Log/Admission.ts"

export interface Place {
  /** All events up to this one are done with. */
  readonly cursor: number
  /** The handler was told of purged events up to this one. */
  readonly missedUntil: number
}

export const make = (sql: SqlClient.SqlClient, server: string, epoch: number) => {
  const owned = ownedBy(sql, server, epoch)
  return {
    /** The place of a handler; a new one begins after the cursor `now`. `undefined`: another process owns the server. */
    begin: (name: string, now: number): Effect.Effect<Place | undefined, SqlError.SqlError> =>
      Effect.zipRight(
        sql`
          insert into handler_cursors (name, server, cursor, at)
          select ${name}, ${server}, ${now}::bigint, now() where ${owned}
          on conflict (name, server) do nothing`,
        Effect.map(
          sql<Place>`
            select cursor::float8 as cursor, missed_until::float8 as "missedUntil"
            from handler_cursors where name = ${name} and server = ${server} and ${owned}`,
          ([row]) => row
        )
      ),
    /**
     * Moves a handler on, never back: a statement of an owner that was fenced meanwhile may come late, and what it
     * says is true. False: another process owns the server.
     */
    move: (
      name: string,
      { cursor, missedUntil }: Place
    ): Effect.Effect<boolean, SqlError.SqlError> =>
      Effect.map(
        sql`
          insert into handler_cursors as mine (name, server, cursor, missed_until, at)
          select ${name}, ${server}, ${cursor}::bigint, ${missedUntil}::bigint, now() where ${owned}
          on conflict (name, server) do update set
            cursor = greatest(mine.cursor, excluded.cursor),
            missed_until = greatest(mine.missed_until, excluded.missed_until),
            at = excluded.at
          returning 1`,
        (rows) => rows.length > 0
      )
  }
}

export type Cursors = ReturnType<typeof make>
