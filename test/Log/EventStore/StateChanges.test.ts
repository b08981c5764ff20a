import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, ManagedRuntime } from "effect"
import { stateChangeNames } from "../../../src/Log/EventStore/Queries.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { databases } from "../../support/databases.ts"
import { event, nothing, receivedAt } from "./batch.ts"

const minute = 60_000
const since = DateTime.unsafeMake(receivedAt)
const at = (minutes: number, name: string, instance = "shop") =>
  event(`"${name} ${minutes}"`, {
    event: name,
    instance,
    receivedAt: receivedAt + minutes * minute
  })
const update = (minutes: number, instance?: string) => at(minutes, "connection.update", instance)
const turn = (minutes: number) => at(minutes, "listener.updated")
const message = (minutes: number) => at(minutes, "messages.upsert")

describe.each(databases)("EventStore.stateChanges on %s", (_name, database) => {
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

  const turnsOf = (store: EventStore["Type"]) =>
    Effect.map(store.stateChanges("shop", since), (events) => events.map(({ data }) => data))

  test("returns an instance's state changes since a time, oldest first, without messages", (store) =>
    Effect.gen(function* () {
      const events = [message(0), update(1), message(2), turn(3), update(4, "bar"), update(5)]
      yield* store.append({ ...nothing, events })
      expect(yield* turnsOf(store)).toEqual([
        "connection.update 1",
        "listener.updated 3",
        "connection.update 5"
      ])
    }))

  test("includes the listener's last change before the time and the last few of WhatsApp", (store) =>
    Effect.gen(function* () {
      const storm = Array.from({ length: 30 }, (_, index) => update(index - 100))
      const events = [turn(-300), turn(-200), ...storm, message(-1), update(1)]
      yield* store.append({ ...nothing, events })
      const told = yield* turnsOf(store)
      expect(told[0]).toBe("listener.updated -200")
      expect(told.slice(1, -1)).toEqual(storm.slice(10).map(({ json }) => JSON.parse(String(json))))
      expect(told.at(-1)).toBe("connection.update 1")
    }))

  test("omits the state before the time when a storm exceeds its limit", (store) =>
    Effect.gen(function* () {
      const storm = Array.from({ length: 5001 }, (_, index) => update(index))
      yield* store.append({ ...nothing, events: [turn(-2), ...storm] })
      const told = yield* turnsOf(store)
      expect([told.length, told[0]]).toEqual([5000, "connection.update 1"])
    }))

  test("uses an index of its own", (store, sql) =>
    Effect.gen(function* () {
      yield* sql`
        insert into events (instance, event, data, received_at, origin)
        select 'shop', case when n % 100 = 0 then 'connection.update' else 'messages.upsert' end,
          '{}', to_timestamp(n), 'live'
        from generate_series(1, 20000) n`
      yield* sql`analyze events`
      const plan = yield* sql<{ "QUERY PLAN": string }>`
        explain select id from events
        where instance = ${"shop"} and event in (${sql.literal(stateChangeNames)})
          and received_at >= ${new Date(19_000_000)}
        order by received_at desc, id desc limit ${5000}`
      expect(plan.map((row) => row["QUERY PLAN"]).join("\n")).toContain("events_of_turns")
      expect((yield* store.stateChanges("shop", DateTime.unsafeMake(19_000_000))).length).toBe(31)
    }))
})
