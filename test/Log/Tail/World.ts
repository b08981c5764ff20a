/** Processes with one log, each with its own way to one Postgres, and the bus of each. Time is real. */
import { randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql"
import { Context, Effect, Exit, Layer, Option, Queue, Redacted, Scope, Stream } from "effect"
import { type EvolutionEvent, type LoggedEvent, logged } from "../../../src/Domain/Event.ts"
import { Server, ServerId } from "../../../src/Domain/Server.ts"
import { admit } from "../../../src/Log/Admission.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import * as Purge from "../../../src/Log/Purge.ts"
import * as Tail from "../../../src/Log/Tail.ts"
import { Notices } from "../../../src/Storage/Notices.ts"
import { Sessions } from "../../../src/Storage/Postgres/Session.ts"
import * as Postgres from "../../../src/Storage/Postgres.ts"
import * as Sql from "../../../src/Storage/Sql.ts"
import { freshSchemaUrl } from "../../support/databases.ts"
import { startProxy } from "../../support/TcpProxy.ts"
import { event } from "../EventStore/batch.ts"

export const testDatabaseUrl = process.env.TEST_DATABASE_URL ?? ""

export interface Wanted extends Tail.Options {
  /** The Evolution servers that it owns. */
  readonly owns?: ReadonlyArray<string>
  /** As behind a pooler. */
  readonly isDeaf?: boolean
}

export type Replica = Effect.Effect.Success<
  ReturnType<Effect.Effect.Success<typeof makeWorld>["start"]>
>

/** A log for the servers `br`, `eu` and `us`. */
export const makeWorld = Effect.gen(function* () {
  const url = yield* freshSchemaUrl(testDatabaseUrl)
  const database = yield* Layer.build(Sql.layerPostgres(Redacted.make(url)))
  const sql = Context.get(database, SqlClient.SqlClient)
  yield* Effect.provide(admit(["br", "eu", "us"]), database)

  const start = ({ isDeaf = false, owns = [], ...options }: Wanted = {}) =>
    Effect.gen(function* () {
      const proxy = yield* Effect.acquireRelease(
        Effect.promise(() => startProxy({ port: Number(new URL(url).port || 5432) })),
        (open) => Effect.promise(() => open.close())
      )
      const address = new URL(url)
      address.port = String(proxy.port)
      const context = yield* Tail.layerWith(options).pipe(
        Layer.provideMerge(Notices.layerPostgres),
        Layer.provideMerge(EventStore.layer),
        Layer.provide(isDeaf ? Layer.succeed(Sessions, Option.none()) : Layer.empty),
        Layer.provideMerge(Postgres.layer(Redacted.make(address.href))),
        Layer.fresh,
        Layer.build
      )
      const bus = Context.get(context, EventBus)
      /** The ids of all events that were published, in order. */
      const published: Array<number> = []
      yield* bus.watch({
        published: (events) => void published.push(...events.map(({ id }) => id)),
        forgetting: () => undefined
      })
      const tenures = yield* Effect.acquireRelease(Scope.make(), (open) =>
        Scope.close(open, Exit.void)
      )
      const inServer = (server: string) => Effect.provideService(Server, ServerId.make(server))
      const stores = new Map<string, EventStore["Type"]>()
      /** Begins to own a server. */
      const own = (server: string) =>
        Layer.build(Layer.fresh(EventStore.layer)).pipe(
          inServer(server),
          Effect.provide(context),
          Effect.tap((built) => stores.set(server, Context.get(built, EventStore))),
          Effect.zipRight(bus.writes(server)),
          Scope.extend(tenures)
        )
      yield* Effect.forEach(owns, own)

      /** Commits events of a server, as its writer does. */
      const commit = (server: string, events: ReadonlyArray<EvolutionEvent>) =>
        Effect.flatMap(Effect.fromNullable(stores.get(server)), (store) =>
          Effect.map(
            store.append({ key: randomUUID(), events, quarantined: [], changes: [] }),
            (ids) => events.map((one, nth) => logged(one, ids[nth] ?? 0, server))
          )
        )
      /** Commits calls of an instance, and publishes them. */
      const write = (server: string, count = 1, instance = "shop") =>
        Effect.tap(commit(server, calls(count, instance)), bus.publish)
      return {
        bus,
        commit,
        own,
        proxy,
        published,
        write,
        /** Owns no server any more. */
        leave: Scope.close(tenures, Exit.void),
        layer: Layer.succeedContext(context),
        purge: (server: string) => Purge.make(1000).pipe(inServer(server), Effect.provide(context)),
        /** The events after a cursor, as a reader gets them. */
        reader: (cursor: number | "now") =>
          Effect.gen(function* () {
            const seen = yield* Queue.unbounded<LoggedEvent>()
            const missed = yield* Queue.unbounded<number>()
            yield* bus
              .after(cursor, { wants: () => true, missed: (until) => missed.offer(until) })
              .pipe(
                Stream.runForEach((one) => seen.offer(one)),
                Effect.forkScoped
              )
            return { missed, seen, next: (count: number) => Queue.takeN(seen, count) }
          })
      }
    })

  return {
    sql,
    start,
    ids: Effect.map(sql<{ id: string }>`select id from events order by id`, (rows) =>
      rows.map(({ id }) => Number(id))
    )
  }
})

export const calls = (count: number, instance = "shop"): ReadonlyArray<EvolutionEvent> =>
  Array.from({ length: count }, (_, n) => event(`{"n":${n}}`, { event: "call", instance }))

export const idsOf = (events: Iterable<LoggedEvent>) => Array.from(events, ({ id }) => id)
