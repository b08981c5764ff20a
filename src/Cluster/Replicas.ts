/** The processes that share the database, and which of them live, as this process has seen. */
import { SqlClient, type SqlError } from "@effect/sql"
import { Duration, Effect, Schedule, type Scope } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import { monotonicOf } from "../Domain/Clock.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { version } from "../Domain/Version.ts"
import type { SettingsDiffer } from "./ClusterError.ts"
import * as Fingerprints from "./Fingerprints.ts"
import * as Silence from "./Replicas/Silence.ts"

/** A row of the table `replicas`. */
export interface Replica {
  /** A UUID that is made when the process starts. */
  readonly id: string
  /** For people: a host and a port. */
  readonly address: string
  readonly version: string
  readonly since: Date
  /** By the clock of the database. */
  readonly seenAt: Date
  /** Since then, by the same clock. */
  readonly silentSeconds: number
  /** The replica stops, and gives its servers away. */
  readonly leaving: boolean
  /** Servers that it did not reach not long ago. */
  readonly unable: ReadonlyArray<string>
}

export interface Replicas {
  /** Oldest first, this one included. */
  readonly all: Effect.Effect<ReadonlyArray<Replica>, SqlError.SqlError>
  /** Another replica that gave a sign of life not long ago, by the last look of this process. */
  readonly isAlive: (id: string) => boolean
  /** It lives, and does not stop. */
  readonly stays: (id: string) => boolean
  /** This replica has run for longer than all others that live and stay. */
  readonly isOldest: () => boolean
  /** Other replicas that live, stay, and have not failed to reach the server. */
  readonly able: (server: string) => ReadonlyArray<string>
  /** Notes that this replica did not reach a server; it does not try for a time that doubles until it did. */
  readonly setAble: (server: string, isAble: boolean) => Effect.Effect<void>
  /** Notes that this replica stops. Servers that were given to it follow the engine again. */
  readonly leave: Effect.Effect<void, SqlError.SqlError>
}

/** A process alone. */
export const none: Replicas = {
  all: Effect.succeed([]),
  isAlive: () => false,
  stays: () => false,
  isOldest: () => true,
  able: () => [],
  setAble: () => Effect.void,
  leave: Effect.void
}

interface Found extends Replica {
  readonly sign: string
  readonly prints: Fingerprints.Fingerprints
  readonly isOlder: boolean
}

interface Options {
  readonly id: string
  readonly address: string
  readonly prints: Fingerprints.Fingerprints
  readonly timing: {
    readonly watchEvery: Duration.Duration
    readonly silentAfter: Duration.Duration
    readonly unableFor: Duration.Duration
    readonly statementWithin: Duration.Duration
  }
}

/** The row of a replica that was killed stays, for people, as long as this. */
const forgottenAfter = "1 hour"

/** `unableFor` is doubled so often at most; then the replica tries about every ten minutes. */
const mostDoublings = 3

const columns = `r.id::text, r.address, r.version, r.since, r.seen_at as "seenAt", r.leaving, r.unable,
  extract(epoch from now() - r.seen_at)::float8 as "silentSeconds"`

/**
 * Registers this process until the scope closes. Fails if an older replica that lives has other settings; one
 * that was killed is known by its silence, which takes `silentAfter` to see.
 */
export const register = (
  options: Options
): Effect.Effect<Replicas, SqlError.SqlError | SettingsDiffer, SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function* () {
    const { id, timing } = options
    const sql = yield* SqlClient.SqlClient
    const now = monotonicOf(yield* Effect.clock)
    const silence = Silence.make(now, timing.silentAfter)
    /** By server: how often in turn it was not reached, and until when it is not tried. */
    const failures = new Map<string, { readonly count: number; readonly until: number }>()
    let others: ReadonlyArray<Found> = []
    let isLeaving = false

    const staying = () => others.filter((one) => silence.isAlive(one.id) && !one.leaving)
    const beat = Effect.suspend(() => {
      const unable = [...failures].flatMap(([server, { until }]) => (until > now() ? [server] : []))
      return sql`
        insert into replicas (id, address, version, prints, leaving, unable)
        values (${id}, ${options.address}, ${version}, ${JSON.stringify(options.prints)}::jsonb,
          ${isLeaving}, ${JSON.stringify(unable).replace("[", "{").replace("]", "}")}::text[])
        on conflict (id) do update
          set seen_at = now(), leaving = excluded.leaving, unable = excluded.unable`
    })
    const look = Effect.map(
      sql<Found>`
        select ${sql.literal(columns)}, r.seen_at::text as sign, r.prints,
          (r.since, r.id) < (me.since, me.id) as "isOlder"
        from replicas r join replicas me on me.id = ${id} and r.id <> me.id
        order by r.since, r.id`,
      (rows) => {
        others = rows
        silence.look(rows.map((row) => [row.id, row.sign]))
      }
    )
    const round = Effect.zipRight(beat, look).pipe(
      Effect.disconnect,
      Effect.timeout(timing.statementWithin),
      Effect.catchAll((error) => Effect.logDebug(`Cannot see the replicas: ${detailOf(error)}`))
    )

    yield* Effect.acquireRelease(
      sql`delete from replicas where seen_at < now() - ${forgottenAfter}::interval`.pipe(
        Effect.zipRight(beat),
        Effect.zipRight(look)
      ),
      () =>
        sql`delete from replicas where id = ${id}`.pipe(
          Effect.disconnect,
          Effect.timeout(timing.statementWithin),
          Effect.catchAll((error) => Effect.logDebug(`Cannot sign off: ${detailOf(error)}`))
        )
    )
    const differing = Effect.sync(() =>
      others.find(
        (other) =>
          other.isOlder &&
          silence.isAlive(other.id) &&
          Fingerprints.differences(options.prints, other.prints).length > 0
      )
    )
    // Each round gives this process's own sign of life, too.
    for (let other = yield* differing; other !== undefined; other = yield* differing) {
      if (silence.hasMoved(other.id)) yield* Fingerprints.compare(options.prints, other)
      yield* Effect.sleep(timing.watchEvery)
      yield* Effect.zipRight(beat, look)
    }
    yield* loop("sign of life", Effect.schedule(round, Schedule.spaced(timing.watchEvery)))

    return {
      all: sql<Replica>`select ${sql.literal(columns)} from replicas r order by since, id`,
      isAlive: silence.isAlive,
      isOldest: () => !staying().some((one) => one.isOlder),
      stays: (wanted) => staying().some((one) => one.id === wanted),
      able: (server) => staying().flatMap((one) => (one.unable.includes(server) ? [] : [one.id])),
      setAble: (server, isAble) =>
        Effect.suspend(() => {
          const count = failures.get(server)?.count ?? 0
          if (isAble) failures.delete(server)
          else {
            const millis = Duration.toMillis(timing.unableFor) * 2 ** Math.min(count, mostDoublings)
            failures.set(server, { count: count + 1, until: now() + millis })
          }
          return isAble && count === 0 ? Effect.void : round
        }),
      leave: Effect.suspend(() => {
        isLeaving = true
        return Effect.all([beat, sql`delete from placements where replica = ${id}`, look], {
          discard: true
        })
      })
    } satisfies Replicas
  })
