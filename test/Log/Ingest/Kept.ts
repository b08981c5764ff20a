/** The real `Ingest` over a database: brings messages in, and reads back what the log has of them. */
import { SqlClient } from "@effect/sql"
import { Effect, Layer } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { GapStore } from "../../../src/Log/GapStore.ts"
import { Ingest } from "../../../src/Log/Ingest.ts"
import { InstanceStore } from "../../../src/Log/InstanceStore.ts"
import type { databases } from "../../support/databases.ts"
import { settings } from "../../support/settings.ts"

export const layerOf = (
  database: (typeof databases)[number][1],
  variables: Readonly<Record<string, string>> = {}
) =>
  Ingest.layer.pipe(
    Layer.provideMerge(EventBus.layer),
    Layer.provideMerge(Layer.mergeAll(EventStore.layer, GapStore.layer, InstanceStore.layer)),
    Layer.provideMerge(database),
    Layer.provide(settings(variables))
  )

let count = 0

/** An event about one message, under an id of its own. */
export const message = (
  data: object,
  instance = "shop-1",
  event = "messages.upsert"
): RawEvent => ({
  name: event,
  payload: {
    event,
    instance,
    data: { key: { id: `KEPT-${++count}`, remoteJid: "5511988887777@s.whatsapp.net" }, ...data },
    apikey: null
  },
  receivedAt: Date.parse("2026-11-30T12:00:00Z")
})

/** The last `limit` events of the log, oldest first. */
const last = (limit: number) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    return yield* store.read({ after: (yield* store.lastId) - limit, limit })
  })

/** What the log has of these events, which are received live. */
export const live = (events: ReadonlyArray<RawEvent>) =>
  Effect.gen(function* () {
    const ingest = yield* Ingest
    yield* ingest.receive(events, "live")
    yield* ingest.flush
    return yield* last(events.length)
  })

/** What the log has of these messages, which are fetched. */
export const fetched = (events: ReadonlyArray<RawEvent>) =>
  Effect.gen(function* () {
    yield* (yield* Ingest).backfill(events)
    return yield* last(events.length)
  })

/** The payloads in quarantine, oldest first. */
export const aside = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ payload: unknown }>`select payload from quarantine order by id`
  return rows.map(({ payload }) => payload)
})
