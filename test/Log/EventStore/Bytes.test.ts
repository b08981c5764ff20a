import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { databases } from "../../support/databases.ts"

/** Ten events of 1 MB of text: which Postgres stores in a few KB, or as it is. */
const filled = (text: "compressible" | "random") =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const part =
      text === "random"
        ? sql`(select string_agg(md5((nth * 31250 + piece)::text), '')
            from generate_series(1, 31250) as piece)`
        : sql`repeat('A', 1000000)`
    yield* sql`
      insert into events (instance, event, data, received_at, origin)
      select 'shop-' || nth % 2, case when nth = 9 then 'call' else 'messages.upsert' end,
        jsonb_build_object('base64', ${part}), now(), 'live'
      from generate_series(1, 10) as nth`
    return yield* EventStore
  })

for (const [name, database] of databases)
  describe(`a page of the log on ${name}`, () => {
    const log = EventStore.layer.pipe(Layer.provideMerge(database))

    for (const text of ["compressible", "random"] as const)
      it.scoped(`ends with the event that makes it large enough, with ${text} media`, () =>
        Effect.gen(function* () {
          const store = yield* filled(text)
          const ids = (query: Partial<Parameters<typeof store.read>[0]>) =>
            Effect.map(store.read({ limit: 500, ...query }), (found) => found.map(({ id }) => id))

          expect(yield* ids({ bytes: 1 })).toEqual([1])
          expect(yield* ids({ bytes: 2_500_000 })).toEqual([1, 2, 3])
          expect(yield* ids({ bytes: 2_500_000, after: 8 })).toEqual([9, 10])
          expect(yield* ids({ bytes: 1_500_000, instance: "shop-0" })).toEqual([2, 4])
          expect(yield* ids({ bytes: 1_500_000, only: ["*-1"], after: 2 })).toEqual([3, 5])
          expect(yield* ids({ bytes: 9_000_000, events: ["call"] })).toEqual([9])
          expect(yield* ids({ bytes: 9_000_000, after: 2, until: 4 })).toEqual([3, 4])
          expect(yield* ids({ bytes: 9_000_000, limit: 2 })).toEqual([1, 2])
          expect(yield* ids({ bytes: 9_000_000, after: 10 })).toEqual([])
        }).pipe(Effect.provide(log))
      )
  })
