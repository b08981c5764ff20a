/** A log with a purge over it, on a test's database; its time is real. */
import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, it } from "@effect/vitest"
import { Context, DateTime, Effect, Layer, ManagedRuntime } from "effect"
import * as EventBus from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import * as Purge from "../../../src/Log/Purge.ts"
import { databases } from "../../support/databases.ts"
import { event, nothing, quarantined } from "../EventStore/batch.ts"

/** Now, for the log. */
export const now = DateTime.unsafeMake(Date.UTC(2026, 5, 1))
export const ago = (days: number) => DateTime.subtract(now, { days })

/** So many days ago, an instance was heard. */
export type Heard = readonly [days: number, instance: string]

/** So small that every test needs more than one. */
export const batch = 3

export type World = Effect.Effect.Success<typeof world>

const world = Effect.gen(function* () {
  const context = yield* Effect.context<SqlClient.SqlClient | EventStore>()
  const sql = Context.get(context, SqlClient.SqlClient)
  const store = Context.get(context, EventStore)
  /** As a service that starts now has them. */
  const started = Effect.gen(function* () {
    const bus = yield* EventBus.make(4)
    return { bus, purge: yield* Effect.provideService(Purge.make(batch), EventBus.EventBus, bus) }
  }).pipe(Effect.provide(context))
  return {
    sql,
    store,
    started,
    ...(yield* started),
    /** Events, and as many quarantined ones, in this order. */
    hear: (...heard: ReadonlyArray<Heard>) =>
      store.append({
        ...nothing,
        events: heard.map(([days, instance]) =>
          event(`{"days":${days}}`, { instance, receivedAt: DateTime.toEpochMillis(ago(days)) })
        ),
        quarantined: heard.map(([days, instance]) =>
          quarantined({ instance, receivedAt: DateTime.toEpochMillis(ago(days)) })
        )
      }),
    /** What is left of a table: the ages and instances, in their order. */
    left: (table: "events" | "quarantine") =>
      Effect.map(
        sql<{ at: Date; instance: string | null }>`
          select received_at as at, instance from ${sql(table)} order by id`,
        (rows) =>
          rows.map(({ at, instance }) => [
            (DateTime.toEpochMillis(now) - at.getTime()) / 86_400_000,
            instance
          ])
      )
  }
})

/** The same tests on each database. */
export const onEach = (
  suite: (
    test: (title: string, body: (world: World) => Effect.Effect<unknown, unknown>) => void,
    name: string
  ) => void
) => {
  for (const [name, database] of databases) {
    const runtime = ManagedRuntime.make(Layer.provideMerge(EventStore.layer, database))
    const emptied = Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql`truncate events, quarantine, gaps, audit, instances, purges restart identity`
    )
    beforeAll(() => runtime.runPromise(Effect.void), 30_000)
    beforeEach(() => runtime.runPromise(emptied))
    afterAll(() => runtime.dispose(), 30_000)
    suite(
      (title, body) =>
        it.live(`${title} (${name})`, () => Effect.provide(Effect.flatMap(world, body), runtime)),
      name
    )
  }
}

/** By instance, up to which id the bus says that events were purged. */
export const purgedOf = (bus: EventBus.EventBus["Type"]) =>
  [EventBus.deletedInstances, "bar", "baz", "shop"]
    .map((name) => [name, bus.purgedUntil((instance) => instance === name)] as const)
    .filter(([, until]) => until > 0)
