/**
 * Notices between the processes of one database: one tells that it wrote something, the others look at once. A notice
 * may get lost, and through some poolers none comes, so readers also look at intervals. It holds no data: what is new
 * is in the tables.
 */
import { randomUUID } from "node:crypto"
import { SqlClient, type SqlError } from "@effect/sql"
import { type ConfigError, Context, type Duration, Effect, Layer, Option, type Scope } from "effect"
import type { Settings } from "../AppConfig/Settings.ts"
import * as AppConfig from "../AppConfig.ts"
import { loop } from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { hear, type Line, statement } from "./Notices/Hearing.ts"
import { Sessions } from "./Postgres/Session.ts"

/**
 * The tables that changed. `events`: the log grew. `purges`: events left it. `access`: keys, used tickets, or counted
 * wrong keys. `endpoints`: endpoints, replays, or what is to be delivered again.
 */
export type Topic = (typeof topics)[number]
const topics = ["events", "purges", "access", "endpoints"] as const

export interface Notice {
  /** Other processes may write to this database. */
  readonly isShared: boolean
  /**
   * Tells the other processes of a change. Returns at once, so it is called after the commit; what is sent while a
   * notice is under way follows in one. Failures are logged at debug level.
   */
  readonly send: (topic: Topic) => Effect.Effect<void>
  /**
   * Runs `look` now, after each notice of other processes, and when there was none for `every`; until the scope
   * closes. One run at a time: notices that come meanwhile make one more. Where nothing is shared it never runs.
   */
  readonly follow: <R>(
    topic: Topic,
    every: Duration.DurationInput,
    look: Effect.Effect<unknown, never, R>
  ) => Effect.Effect<void, never, R | Scope.Scope>
}

/** One process alone: nothing is sent, nothing runs. */
const none: Notice = { isShared: false, send: () => Effect.void, follow: () => Effect.void }

export class Notices extends Context.Reference<Notices>()("evolution-listener/Notices", {
  defaultValue: () => none
}) {
  /** One process alone, which is the default. */
  static readonly layerNone: Layer.Layer<Notices> = Layer.succeed(Notices, none)

  /**
   * Several processes on one migrated Postgres, by NOTIFY and LISTEN. The notices of one schema stay in it. With an
   * SQL client of the program's own there is no LISTEN, and looking at intervals is all.
   */
  static readonly layerPostgres: Layer.Layer<Notices, SqlError.SqlError, SqlClient.SqlClient> =
    Layer.scoped(
      Notices,
      Effect.suspend(() => make)
    )

  /** As the setting `CLUSTER` has it. */
  static readonly layer: Layer.Layer<
    Notices,
    ConfigError.ConfigError | SqlError.SqlError,
    SqlClient.SqlClient | Settings
  > = Layer.unwrapEffect(
    Effect.map(AppConfig.cluster, (cluster) =>
      Option.isSome(cluster) ? Notices.layerPostgres : Notices.layerNone
    )
  )
}

/** After a notice; a writer at full speed sends one for each few of its commits. */
const pause = "2 millis"

/** A statement that nobody waits for takes no longer. */
const statementWithin = "5 seconds"

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const open = yield* Sessions
  const [row] = yield* sql<{ channel: string }>`
    select 'evolution_listener_' || 'events'::regclass::oid as channel`
  const channel = row?.channel ?? "evolution_listener"
  const me = randomUUID()
  const followers = new Map<Topic, Set<() => void>>(topics.map((topic) => [topic, new Set()]))
  const wake = (told: ReadonlyArray<Topic>): void => {
    for (const topic of told) for (const look of followers.get(topic) ?? []) look()
  }

  let line: Line | undefined
  const notifyByPool = (words: string) =>
    Effect.disconnect(sql.unsafe(statement(channel, `${me} ${words}`)))
  const unsent = new Set<Topic>()
  const due = yield* Effect.makeLatch(false)
  const sendAll = Effect.suspend(() => {
    const words = [...unsent].join(",")
    unsent.clear()
    return line === undefined ? notifyByPool(words) : line.send(`${me} ${words}`)
  }).pipe(
    Effect.timeout(statementWithin),
    Effect.catchAll((error) => Effect.logDebug(`Cannot tell other replicas: ${detailOf(error)}`))
  )
  yield* loop(
    "sender of notices",
    Effect.forever(Effect.all([due.await, due.close, sendAll, Effect.sleep(pause)]))
  )

  if (Option.isSome(open))
    yield* loop(
      "receiver of notices",
      hear({
        open: open.value,
        channel,
        ping: `${me} ping`,
        sendPing: Effect.timeout(notifyByPool("ping"), statementWithin),
        up: (now) => {
          line = now
          if (now !== undefined) wake(topics)
        },
        heard: (payload) => {
          const [sender, words = ""] = payload.split(" ")
          const told = words.split(",")
          if (sender !== me) wake(topics.filter((topic) => told.includes(topic)))
        }
      })
    )

  return Notices.of({
    isShared: true,
    send: (topic) =>
      Effect.sync(() => {
        unsent.add(topic)
        due.unsafeOpen()
      }),
    follow: (topic, every, look) =>
      Effect.gen(function* () {
        const news = yield* Effect.makeLatch(false)
        const open = () => void news.unsafeOpen()
        yield* Effect.acquireRelease(
          Effect.sync(() => followers.get(topic)?.add(open)),
          () => Effect.sync(() => followers.get(topic)?.delete(open))
        )
        yield* loop(
          `follower of ${topic}`,
          Effect.forever(Effect.all([news.close, look, Effect.timeoutOption(news.await, every)]))
        )
      })
  })
})
