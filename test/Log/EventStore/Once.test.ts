import { randomUUID } from "node:crypto"
import { SqlClient, SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, Layer, Stream } from "effect"
import { decode } from "../../../src/Domain/Event.ts"
import * as Scrub from "../../../src/Domain/Scrub.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { GapStore } from "../../../src/Log/GapStore.ts"
import { Ingest } from "../../../src/Log/Ingest.ts"
import { InstanceStore } from "../../../src/Log/InstanceStore.ts"
import { databases } from "../../support/databases.ts"
import { settings } from "../../support/settings.ts"

const timeout = 30_000

const raw = (n: number) => ({
  name: "call",
  payload: { event: "call", instance: "shop", data: { n } },
  receivedAt: n
})

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

const events = (from: number, to: number) =>
  numbers(from, to).map((n) =>
    Either.getOrThrowWith(decode(raw(n), "live", Scrub.unconfigured), String)
  )

const logged = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<{ n: number }>`select (data->>'n')::int as n from events order by id`
).pipe(Effect.map((rows) => rows.map(({ n }) => n)))

describe.each(databases)("EventStore on %s", (_name, database) => {
  it.effect(
    "writes a batch once, however often it is appended",
    () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const batch = { key: randomUUID(), events: events(1, 50), quarantined: [], changes: [] }
        yield* store.append({ ...batch, key: randomUUID(), events: events(0, 0) })
        const answers = yield* Effect.replicateEffect(store.append(batch), 5, {
          concurrency: "unbounded"
        })
        expect(yield* logged).toEqual(numbers(0, 50))
        const [first] = answers
        for (const ids of answers) expect(ids).toEqual(first)
        expect(first).toHaveLength(50)
        const next = yield* store.append({ ...batch, key: randomUUID(), events: events(51, 52) })
        expect(next).toHaveLength(2)
        expect(yield* logged).toEqual(numbers(0, 52))
      }).pipe(Effect.provide(Layer.provideMerge(EventStore.layer, database))),
    { timeout }
  )

  it.live(
    "writes and publishes a batch once when the answer to its commit is lost",
    () =>
      Effect.gen(function* () {
        const bus = yield* EventBus
        const ingest = yield* Ingest
        const heard = yield* Effect.fork(Stream.runCollect(Stream.take(bus.after("now"), 20)))
        yield* ingest.receive(numbers(1, 20).map(raw), "live")
        const told = Chunk.toReadonlyArray(yield* heard)
        expect(told.map(({ json }) => JSON.parse(String(json)).n)).toEqual(numbers(1, 20))
        expect(yield* logged).toEqual(numbers(1, 20))
        const ids = yield* Effect.map(
          Effect.flatMap(EventStore, (store) => store.read({ limit: 100 })),
          (records) => records.map(({ id }) => id)
        )
        expect(told.map(({ id }) => id)).toEqual(ids)
      }).pipe(
        Effect.provide(
          Ingest.layer.pipe(
            Layer.provideMerge(EventBus.layer),
            Layer.provide(Layer.mergeAll(GapStore.layer, InstanceStore.layer)),
            Layer.provideMerge(forgetful),
            Layer.provideMerge(database),
            Layer.provide(settings({}))
          )
        )
      ),
    { timeout }
  )
})

/** Commits, and then loses the connection before it can say so; the first three times. */
const forgetful = Layer.effect(
  EventStore,
  Effect.map(EventStore, (store) => {
    let losses = 3
    return EventStore.of({
      ...store,
      append: (batch) =>
        Effect.filterOrFail(
          store.append(batch),
          () => losses-- <= 0,
          () => new SqlError.SqlError({ cause: new Error("Connection terminated unexpectedly") })
        )
    })
  })
).pipe(Layer.provide(EventStore.layer))
