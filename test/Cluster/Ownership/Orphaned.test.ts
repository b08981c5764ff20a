import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Queue, Redacted, Schedule } from "effect"
import type { Designator } from "../../../src/Cluster/Ownership/Designator.ts"
import { make } from "../../../src/Cluster/Ownership/Make.ts"
import { defaults } from "../../../src/Cluster/Ownership/Timing.ts"
import * as Replicas from "../../../src/Cluster/Replicas.ts"
import * as Postgres from "../../../src/Storage/Postgres.ts"
import { freshDatabaseUrl } from "../../support/databases.ts"
import { tables } from "../World.ts"

const { TEST_DATABASE_URL: databaseUrl } = process.env

/** An engine that is stuck: it chooses nobody. */
const stuck: Designator = {
  subscribe: (_server, choose) => Effect.sync(() => choose(false)),
  leave: Effect.void
}

const timing = {
  ...defaults,
  orphanedAfter: Duration.millis(700),
  watchEvery: Duration.millis(100)
}

describe.skipIf(databaseUrl === undefined)("A server that the engine gives to nobody", () => {
  it.scopedLive("is taken by the oldest replica, and by no other", () =>
    Effect.gen(function* () {
      const url = Redacted.make((yield* freshDatabaseUrl(databaseUrl ?? "")).href)
      const context = yield* Layer.build(Postgres.layer(url))
      const sql = Context.get(context, SqlClient.SqlClient)
      const here = Effect.provideService(SqlClient.SqlClient, sql)
      yield* here(tables)
      const owners = yield* Queue.unbounded<string>()
      const ids = ["00000000-0000-4000-8000-00000000000b", "00000000-0000-4000-8000-00000000000a"]
      for (const me of ids) {
        const replicas = yield* here(Replicas.register({ id: me, address: me, prints: {}, timing }))
        const ownership = yield* here(
          make({ me, designator: stuck, replicas, isAlone: false, timing })
        )
        yield* ownership.run("eu", {
          prepare: () => Effect.void,
          own: ({ owner }) => Effect.zipRight(Queue.offer(owners, owner), Effect.never)
        })
      }
      const began = performance.now()
      expect(yield* Queue.take(owners)).toBe(ids[0])
      expect(performance.now() - began).toBeGreaterThan(500)
      // Neither takes it again while the owner lives: both have looked for twice as long.
      yield* Effect.repeat(
        sql`select from replicas where seen_at < since + interval '2.2 seconds'`,
        { until: (rows) => rows.length === 0, schedule: Schedule.spaced("50 millis") }
      )
      expect(yield* Queue.size(owners)).toBe(0)
      expect(yield* sql`select epoch::int from servers where id = 'eu'`).toEqual([{ epoch: 1 }])
    })
  )
})
