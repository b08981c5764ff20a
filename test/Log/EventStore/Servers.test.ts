import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Redacted } from "effect"
import { Server, ServerId } from "../../../src/Domain/Server.ts"
import { admit } from "../../../src/Log/Admission.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import * as Sql from "../../../src/Storage/Sql.ts"
import { freshSchemaUrl } from "../../support/databases.ts"
import { event, nothing } from "./batch.ts"

const [eu, br] = [ServerId.make("eu"), ServerId.make("br")]

/** The store of one server. */
const storeOf = (server: ServerId) =>
  Effect.map(
    Layer.build(Layer.fresh(EventStore.layer)).pipe(Effect.provideService(Server, server)),
    (context) => Effect.provide(EventStore, context)
  ).pipe(Effect.flatten)

const batchOf = (size: number, text: string) => ({
  ...nothing,
  events: Array.from({ length: size }, (_, nth) => event(JSON.stringify({ text, nth })))
})

const testDatabaseUrl = process.env.TEST_DATABASE_URL ?? ""

/** One database, and connections of several processes. */
const connections = Effect.gen(function* () {
  const url = Redacted.make(yield* freshSchemaUrl(testDatabaseUrl))
  const open = Effect.map(Layer.build(Layer.fresh(Sql.layerPostgres(url))), (context) =>
    Effect.provide(context)
  )
  const first = yield* open
  yield* first(admit([eu, br]))
  return [first, yield* open, yield* open] as const
})

describe("two servers in one log", () => {
  it.scopedLive("have instances of one name, whose events stay apart", () =>
    Effect.gen(function* () {
      yield* admit([eu, br])
      const [ofEu, ofBr] = [yield* storeOf(eu), yield* storeOf(br)]
      yield* ofEu.append(batchOf(2, "eu"))
      yield* ofBr.append(batchOf(1, "br"))
      const sql = yield* SqlClient.SqlClient
      expect(yield* sql`select server, data ->> 'text' as text from events order by id`).toEqual([
        { server: "eu", text: "eu" },
        { server: "eu", text: "eu" },
        { server: "br", text: "br" }
      ])
    }).pipe(Effect.provide(Layer.fresh(Sql.layerMemory)))
  )

  it.scopedLive("write a repeated batch once, though the other server wrote meanwhile", () =>
    Effect.gen(function* () {
      yield* admit([eu, br])
      const [ofEu, ofBr] = [yield* storeOf(eu), yield* storeOf(br)]
      const batch = batchOf(3, "eu")
      const ids = yield* ofEu.append(batch)
      yield* ofBr.append(batchOf(2, "br"))
      expect(yield* ofEu.append(batch)).toEqual(ids)
      yield* ofBr.append(batchOf(2, "br"))
      expect(yield* ofEu.append(batch)).toEqual(ids)
      expect(yield* ofEu.lastId).toBe(7)
    }).pipe(Effect.provide(Layer.fresh(Sql.layerMemory)))
  )
})

describe.skipIf(testDatabaseUrl === "")("two processes with one log on Postgres", () => {
  const rounds = 60

  it.scopedLive(
    "let a reader that asks for later ids miss no event",
    () =>
      Effect.gen(function* () {
        const [first, second, third] = yield* connections
        const done = yield* Deferred.make<void>()

        /** Batches of 1 to 9 events; each fourth one is written again, as after a lost answer. */
        const writing = (server: ServerId, seed: number) =>
          Effect.gen(function* () {
            const { append } = yield* storeOf(server)
            const written: Array<number> = []
            for (let round = 0; round < rounds; round++) {
              const batch = batchOf(1 + ((round * seed) % 9), `${server} ${round}`)
              const ids = yield* append(batch)
              written.push(...ids)
              if (round % 4 === 0) expect(yield* append(batch)).toEqual(ids)
            }
            return written
          })

        const reading = Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const seen: Array<number> = []
          const read = Effect.suspend(() =>
            Effect.flatMap(
              sql<{ id: string }>`
                select id from events where id > ${seen.at(-1) ?? 0} order by id limit 5`,
              (rows) =>
                Effect.sync(() => {
                  seen.push(...rows.map(({ id }) => Number(id)))
                  return rows
                })
            )
          )
          yield* Effect.repeat(read, { until: () => Deferred.isDone(done) })
          // The writers have ended: what is left is read to the end.
          yield* Effect.repeat(read, { until: (rows) => rows.length === 0 })
          return seen
        })

        const reader = yield* Effect.fork(third(Effect.orDie(reading)))
        const written = yield* Effect.all(
          [first(Effect.scoped(writing(eu, 7))), second(Effect.scoped(writing(br, 5)))],
          { concurrency: "unbounded" }
        )
        yield* Deferred.succeed(done, undefined)
        const seen = yield* Fiber.join(reader)
        const all = written.flat().sort((left, right) => left - right)
        expect(new Set(all).size).toBe(all.length)
        expect(seen).toEqual(all)
        // They did write in turns.
        expect(written[0].some((id) => id > Math.min(...written[1]))).toBe(true)
        expect(written[1].some((id) => id > Math.min(...written[0]))).toBe(true)
      }),
    60_000
  )
})
