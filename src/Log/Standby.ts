/** Keeps the ear of a standby in step with the log: it holds what the log does not have. */
import { SqlClient, type SqlError } from "@effect/sql"
import { Duration, Effect, Option, Schedule, type Scope } from "effect"
import * as AppConfig from "../AppConfig.ts"
import { loop } from "../Concurrency/Supervise.ts"
import { type MonotonicMillis, monotonicOf } from "../Domain/Clock.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { Server } from "../Domain/Server.ts"
import type { TenureReason } from "../Domain/Tenure.ts"
import * as Ear from "../Evolution/Ear.ts"
import * as ListensBy from "./Standby/ListensBy.ts"

export interface Standby {
  /**
   * Waits for the link of the ear, and, while another replica owns the server, until nothing that only the other one
   * hears is on its way any more. Succeeds with the time.
   */
  readonly ready: (isOwned: boolean) => Effect.Effect<MonotonicMillis>
  /**
   * Gives the link to the work of a tenure, for as long as the scope is open. Called when no earlier tenure can write
   * any more. `continues`: since the tenure before nothing was missed.
   */
  readonly give: (
    reason: TenureReason,
    ready: Option.Option<MonotonicMillis>
  ) => Effect.Effect<
    { readonly handed: Ear.HandedLink["Type"]; readonly continues: boolean },
    SqlError.SqlError,
    Scope.Scope
  >
  /** Notes how the events come to this owner. */
  readonly follow: ListensBy.ListensBy["follow"]
}

const lookEvery = "1 second"
const page = 5000

interface Row extends Ear.Committed {
  readonly id: string
}

interface Ways {
  /** Evolution is known to send all events over the link of the ear, also before the first one has come. */
  readonly isBroadcast: boolean
  readonly listensBy: ListensBy.ListensBy
}

/** Opens the ear, and follows the log. */
export const make = <E, R>(
  open: Effect.Effect<Ear.Ear, E, R>,
  { isBroadcast, listensBy }: Ways
): Effect.Effect<Standby, E | SqlError.SqlError, R | SqlClient.SqlClient | Server | Scope.Scope> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const server = yield* Server
    const now = monotonicOf(yield* Effect.clock)
    const oneByOne = yield* Effect.makeSemaphore(1)
    const newest = Effect.map(
      sql<{ id: string }>`select coalesce(max(id), 0)::text as id from events`,
      ([row]) => row?.id ?? "0"
    )
    /** The ear knows of all events up to this one. */
    let last = yield* newest
    // What it hears comes later than these.
    const ear = yield* open

    const next: Effect.Effect<void, SqlError.SqlError> = Effect.flatMap(
      Effect.suspend(
        () => sql<Row>`
          select id::text, event, instance, upstream_time as "upstreamTime" from events
          where server = ${server} and origin = 'live' and id > ${last}::bigint
          order by id limit ${page}`
      ),
      (rows) => {
        ear.committed(rows)
        last = rows.at(-1)?.id ?? last
        return rows.length < page ? Effect.void : next
      }
    )
    const catchUp = oneByOne.withPermits(1)(next)
    yield* loop(
      "look of a standby at the log",
      Effect.schedule(
        Effect.when(catchUp, ear.isOpen).pipe(
          Effect.catchAll((error) =>
            Effect.logDebug(`The standby cannot read the log: ${detailOf(error)}`)
          )
        ),
        Schedule.spaced(lookEvery)
      )
    )

    // Before the ear is opened again: what it hears from then on comes later than these.
    const skipOwn = newest.pipe(
      Effect.flatMap((id) =>
        Effect.sync(() => {
          last = id
        })
      ),
      Effect.disconnect,
      Effect.timeout(lookEvery),
      Effect.catchAll((error) => Effect.logDebug(`The standby reads all: ${detailOf(error)}`))
    )

    return {
      ready: (isOwned) => Effect.map(ear.up(isOwned ? Ear.transit : Duration.zero), now),
      give: (reason, ready) =>
        Effect.gen(function* () {
          yield* catchUp
          const byNamespace = yield* listensBy.namespace
          const listening = yield* sql<{ name: string }>`
            select name from instances where server = ${server} and desired = 'listening'`
          const { isAligned, since, take } = yield* ear.give
          const expected = byNamespace ? [] : listening.map(({ name }) => name)
          const handed = { take, expected, byNamespace }
          yield* Effect.addFinalizer(() => skipOwn)
          const wasUp = Option.exists(
            ready,
            (time) => since !== undefined && since + Duration.toMillis(Ear.transit) <= time
          )
          const hasAll = isAligned || (isBroadcast && wasUp && reason === "handover")
          return { handed, continues: hasAll && !byNamespace }
        }),
      follow: listensBy.follow
    } satisfies Standby
  })

/** A standby that hears nothing: the link is dialled by the work of each tenure. */
export const deaf: Effect.Effect<Standby> = Effect.map(
  Effect.all([Effect.clock, Ear.HandedLink]),
  ([clock, handed]) => ({
    ready: () => Effect.sync(monotonicOf(clock)),
    give: () => Effect.succeed({ handed, continues: false }),
    follow: () => Effect.void
  })
)

/** For the server of the settings. In namespace mode a standby has no link. */
export const ofSettings = Effect.flatMap(AppConfig.Evolution, ({ mode }) =>
  mode === "namespace"
    ? deaf
    : Effect.flatMap(ListensBy.make, (listensBy) =>
        make(Ear.make, { isBroadcast: mode === "global", listensBy })
      )
)
