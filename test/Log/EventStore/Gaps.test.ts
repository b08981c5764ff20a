import { randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, ManagedRuntime } from "effect"
import * as Gap from "../../../src/Domain/Gap.ts"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { classify } from "../../../src/Storage/Failure.ts"
import { databases } from "../../support/databases.ts"
import { event, nothing, receivedAt } from "./batch.ts"

const message = (id: string) => event(JSON.stringify({ key: { id }, message: {} }))

const gap = Gap.opened({
  id: randomUUID(),
  instance: InstanceName.make("shop"),
  from: DateTime.unsafeMake(receivedAt),
  cause: "connection_lost"
})
const noted = (of: Gap.Gap) => event("{}", { event: "gap.updated", origin: "listener", gap: of })

describe.each(databases)("the gaps of a batch on %s", (_name, database) => {
  const runtime = ManagedRuntime.make(Layer.provideMerge(EventStore.layer, database))
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  beforeEach(() =>
    runtime.runPromise(
      Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`truncate events, quarantine, gaps restart identity`
      )
    )
  )
  afterAll(() => runtime.dispose(), 30_000)

  const test = (
    title: string,
    body: (store: EventStore["Type"], sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>
  ) =>
    it.effect(title, () =>
      Effect.provide(
        Effect.flatMap(Effect.all([EventStore, SqlClient.SqlClient]), ([store, sql]) =>
          body(store, sql)
        ),
        runtime
      )
    )

  test("writes gaps and events in one transaction", (store, sql) =>
    Effect.gen(function* () {
      const gaps = sql`select id, recovered, fetched from gaps`
      const refused = yield* Effect.flip(
        store.append({ ...nothing, events: [noted(gap), event('{"text":"\\u0000"}')] })
      )
      expect([classify(refused), yield* gaps]).toEqual(["data", []])
      const closed = Gap.closed(gap, gap.from)
      const steps = [gap, closed, Gap.recovered(closed)]
      const ids = yield* store.append({
        ...nothing,
        events: [message("A1"), ...steps.map(noted), message("A2")]
      })
      // The log has every word of it, and the ledger the last one.
      expect(ids).toHaveLength(5)
      expect((yield* store.read({ limit: 9 })).map((one) => [one.event, one.origin])).toEqual([
        ["messages.upsert", "live"],
        ["gap.updated", "listener"],
        ["gap.updated", "listener"],
        ["gap.updated", "listener"],
        ["messages.upsert", "live"]
      ])
      expect(yield* gaps).toEqual([{ id: gap.id, recovered: true, fetched: 0 }])
    }))

  test("writes the gaps of a key once", (store, sql) =>
    Effect.gen(function* () {
      const key = randomUUID()
      const fetched = sql`select fetched from gaps`
      const ids = yield* store.append({ ...nothing, key, events: [noted(gap)] })
      const later = noted(Gap.progressed(Gap.closed(gap, gap.from), 7, gap.from))
      expect(yield* store.append({ ...nothing, key, events: [later] })).toEqual(ids)
      expect(yield* fetched).toEqual([{ fetched: 0 }])
      expect(yield* store.append({ ...nothing, events: [later] })).not.toEqual(ids)
      expect(yield* fetched).toEqual([{ fetched: 7 }])
    }))
})
