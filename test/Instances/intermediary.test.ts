import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { sharedDatabase } from "../Listening/ListenerRegistry/database.ts"
import { intermediaries } from "../support/intermediaries.ts"
import { eventually, one, serviceOn } from "./service.ts"

describe("Instances behind an intermediary", { timeout: 60_000 }, () => {
  const database = sharedDatabase()
  const service = serviceOn(database)

  /** An instance that is open and has a message in the log. */
  const lived = Effect.gen(function* () {
    const it = yield* service
    yield* it.instances.create({ name: one, integration: "WHATSAPP-BAILEYS" })
    it.simulator.scan(one)
    it.simulator.emit(one, "messages.upsert", { key: { id: "a" } })
    yield* it.hears(one, "messages.upsert")
    return it
  })

  const messages = Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql<{
        id: number
      }>`select id from events where instance = ${one} and event = 'messages.upsert'`
  ).pipe(Effect.provide(database))

  it.scopedLive("a deletion that Evolution did not confirm erases and forgets nothing", () =>
    Effect.gen(function* () {
      const { instances, simulator, store } = yield* lived
      // Every fourth: each takes the time of three attempts.
      for (const { named: _named, what, ...answer } of intermediaries.filter(
        (_, n) => n % 4 === 0
      )) {
        simulator.refuse(answer)
        expect(yield* Effect.flip(instances.purge(one)), what).toMatchObject({
          _tag: "EvolutionUnavailable",
          status: answer.status
        })
      }
      simulator.refuse(undefined)
      expect(store.get(one)?.desired).toBe("listening")
      expect((yield* messages).length).toBe(1)
      expect(simulator.instance(one).state).toBe("open")
      yield* instances.purge(one)
      expect([store.get(one), yield* messages]).toEqual([undefined, []])
    })
  )

  it.scopedLive("a deletion that an intermediary answers half-way forgets nothing", () =>
    Effect.gen(function* () {
      const { instances, simulator, store } = yield* lived
      simulator.onCall((path) => {
        if (path.startsWith("/instance/delete"))
          simulator.refuse({ status: 200, body: '{"status":"ok"}' })
      })
      expect(yield* Effect.flip(instances.purge(one))).toMatchObject({ status: 200 })
      expect(store.get(one)).toBeDefined()
      expect((yield* messages).length).toBe(1)
    })
  )

  it.scopedLive(
    "a deletion that Evolution confirms and does not do is told, and forgets nothing",
    () =>
      Effect.gen(function* () {
        const { instances, simulator, store } = yield* lived
        simulator.keepDeleted(true)
        expect(yield* Effect.flip(instances.purge(one))).toMatchObject({
          _tag: "EvolutionUnavailable",
          message: expect.stringContaining("still has it")
        })
        expect(store.get(one)).toBeDefined()
        expect((yield* messages).length).toBe(1)
      })
  )

  it.scopedLive("no state becomes removed by an intermediary's 404", () =>
    Effect.gen(function* () {
      const { instances, registry, simulator } = yield* lived
      simulator.refuse({ status: 404, body: "404 page not found" })
      simulator.drop()
      yield* eventually(() => simulator.connections() === 0)
      yield* Effect.flip(instances.remove(one))
      simulator.refuse(undefined)
      yield* Effect.repeat(Effect.delay(registry.status(one), "5 millis"), {
        until: ({ _tag }) => _tag === "Listening"
      })
      expect((yield* instances.status(one)).whatsapp?.state).toBe("open")
    })
  )
})
