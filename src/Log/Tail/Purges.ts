/** The purges of other processes, as the database has them. */
import type { SqlClient, SqlError } from "@effect/sql"
import { Effect } from "effect"
import type { EventBus } from "../EventBus.ts"

interface Row {
  readonly server: string
  readonly instance: string
  readonly until: number
}

const keyOf = ({ instance, server }: Row): string => `${server}/${instance}`

/** `isBeingWritten`: this process owns the server, and purges its events itself. */
export const make = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  isBeingWritten: (server: string) => boolean
) {
  /** One look after the other, or an older state of the table could be told after a newer one. */
  const turn = yield* Effect.makeSemaphore(1)
  let known = new Map<string, Row>()
  let knownSign = ""
  let highest = 0

  const sign = Effect.map(
    sql<{ sign: string }>`
      select coalesce(sum(hashtextextended(concat_ws('/', server, until, instance), 0)), 0)::text as sign
      from purges`,
    ([row]) => row?.sign ?? ""
  )
  const all = Effect.map(
    sql<Row>`select server, instance, until::float8 as until from purges`,
    (rows) => new Map(rows.map((row) => [keyOf(row), row]))
  )

  const tell = (bus: EventBus["Type"], now: ReadonlyMap<string, Row>): boolean => {
    let isInMemory = false
    for (const [key, row] of now) {
      if (known.get(key)?.until === row.until) continue
      bus.announcePurged(row.instance, row.until, row.server)
      highest = Math.max(highest, row.until)
      isInMemory ||= !isBeingWritten(row.server) && !bus.isLate(row.until - 1)
    }
    for (const [key, row] of known) if (!now.has(key)) bus.foldPurged([row.instance], row.server)
    return isInMemory
  }

  return {
    /** Tells the bus of purges since the last look; gives the last id of all events that were ever purged. */
    look: (bus: EventBus["Type"]): Effect.Effect<number, SqlError.SqlError> =>
      Effect.gen(function* () {
        const isFirst = knownSign === ""
        const newSign = yield* sign
        if (newSign === knownSign) return highest
        const now = yield* all
        const isInMemory = tell(bus, now)
        known = now
        knownSign = newSign
        // What was purged is not to be read from memory either.
        if (isInMemory && !isFirst) yield* bus.forget
        return highest
      }).pipe(turn.withPermits(1))
  }
})

export type Purges = Effect.Effect.Success<ReturnType<typeof make>>
