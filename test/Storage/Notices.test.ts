/** Time is real here: notices go by a real Postgres. */
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Context, type Duration, Effect, Layer, Logger, LogLevel, Queue, Redacted } from "effect"
import { Notices, type Topic } from "../../src/Storage/Notices.ts"
import * as Postgres from "../../src/Storage/Postgres.ts"
import * as Sql from "../../src/Storage/Sql.ts"
import { freshDatabaseUrl, freshSchemaUrl } from "../support/databases.ts"
import { hasPooler, pooled } from "../support/Pooler.ts"

const testDatabaseUrl = process.env.TEST_DATABASE_URL ?? ""

const migrated = (url: string) =>
  Effect.as(Effect.scoped(Layer.build(Sql.layerPostgres(Redacted.make(url)))), url)

const schema = Effect.flatMap(
  Effect.suspend(() => freshSchemaUrl(testDatabaseUrl)),
  migrated
)

/** A process with connections of its own, once a line of its log says so. */
const replica = (url: string, until = /Notices of other replicas arrive/) =>
  Effect.gen(function* () {
    const lines = yield* Queue.unbounded<string>()
    const line = Logger.make(({ message }) => void lines.unsafeOffer(String(message)))
    const context = yield* Layer.build(
      Layer.fresh(Layer.provideMerge(Notices.layerPostgres, Postgres.layer(Redacted.make(url))))
    ).pipe(
      Effect.provide(Logger.replace(Logger.defaultLogger, line)),
      Logger.withMinimumLogLevel(LogLevel.Debug)
    )
    const told = (words: RegExp) =>
      Effect.repeat(Queue.take(lines), { until: (line) => words.test(line) })
    yield* told(until)
    const notices = Context.get(context, Notices)
    /** The looks of a follower, after the one with which it begins. */
    const looks = (topic: Topic, every: Duration.DurationInput = "1 hour") =>
      Effect.gen(function* () {
        const seen = yield* Queue.unbounded<Topic>()
        yield* notices.follow(topic, every, Queue.offer(seen, topic))
        yield* Queue.take(seen)
        return seen
      })
    return { looks, send: notices.send, sql: Context.get(context, SqlClient.SqlClient) }
  })

/** Ends the connections that listen in the schema; gives how many there were. */
const cut = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ count: number }>`
      select count(pg_terminate_backend(pid))::int as count from pg_stat_activity
      where query = 'listen "evolution_listener_' || 'events'::regclass::oid || '"'`,
    ([row]) => row?.count
  )

describe.skipIf(testDatabaseUrl === "")("Notices", { timeout: 20_000 }, () => {
  const pair = (url: string) => Effect.all([replica(url), replica(url)])

  it.scopedLive("reach the other processes, and those who follow their topic alone", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair(yield* schema)
      const own = yield* one.looks("access")
      const access = yield* two.looks("access")
      const events = yield* two.looks("events")
      yield* one.send("access")
      yield* Queue.take(access)
      yield* two.send("access")
      yield* Queue.take(own)
      // All notices come in one order, so none is on its way.
      expect(yield* Effect.all([own, access, events].map(Queue.size))).toEqual([0, 0, 0])
    })
  )

  it.scopedLive("stay in their schema", () =>
    Effect.gen(function* () {
      const one = yield* replica(yield* schema)
      const [two, three] = yield* pair(yield* schema)
      const strange = yield* one.looks("events")
      const own = yield* three.looks("events")
      yield* one.send("events")
      yield* two.send("events")
      yield* Queue.take(own)
      expect(yield* Effect.all([strange, own].map(Queue.size))).toEqual([0, 0])
    })
  )

  it.scopedLive("are one where many are sent at once", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair(yield* schema)
      const seen = yield* two.looks("events")
      yield* Effect.replicateEffect(one.send("events"), 100)
      yield* Queue.take(seen)
      yield* one.send("events")
      yield* Queue.take(seen)
      expect(yield* Queue.size(seen)).toBe(0)
    })
  )

  it.scopedLive("come again after the connection was lost, which is itself a reason to look", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair(yield* schema)
      const seen = yield* two.looks("events")
      expect(yield* cut(two.sql)).toBe(2)
      yield* Queue.take(seen)
      yield* one.send("events")
      yield* Queue.take(seen)
      expect(yield* Queue.size(seen)).toBe(0)
    })
  )

  it.scopedLive.skipIf(!hasPooler)(
    "are not needed: behind a pooler, followers look at intervals",
    () =>
      Effect.gen(function* () {
        const { href } = yield* freshDatabaseUrl(testDatabaseUrl)
        yield* migrated(href)
        const url = yield* pooled(href, { pool_mode: "transaction", default_pool_size: 4 })
        const { looks } = yield* replica(url, /No notices come through to LISTEN/)
        yield* Queue.takeN(yield* looks("events", "20 millis"), 10)
      })
  )

  it.scopedLive("are not sent, and nobody looks, where a process is alone", () =>
    Effect.gen(function* () {
      const { follow, isShared, send } = yield* Notices
      expect(isShared).toBe(false)
      yield* follow("events", 0, Effect.die("a look"))
      yield* send("events")
      yield* Effect.yieldNow()
    })
  )
})
