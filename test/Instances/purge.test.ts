import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { sharedDatabase } from "../Listening/ListenerRegistry/database.ts"
import { one, serviceOn, two } from "./service.ts"

const baileys = (name: typeof one) => ({ name, integration: "WHATSAPP-BAILEYS" as const })

describe("Instances.purge", { timeout: 30_000 }, () => {
  const database = sharedDatabase()
  const service = serviceOn(database)

  /** How much of an instance each table has. */
  const rowsOf = (name: string) =>
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql<{ count: number }>`
        select count(*)::integer as count from events where instance = ${name}
        union all select count(*)::integer from quarantine where instance = ${name}
        union all select count(*)::integer from gaps where instance = ${name}
        union all select count(*)::integer from instances where name = ${name}`
    ).pipe(
      Effect.map((rows) => rows.map(({ count }) => count)),
      Effect.provide(database)
    )

  /** Both instances, and something of each in every table. */
  const lived = Effect.gen(function* () {
    const it = yield* service
    for (const name of [one, two]) {
      yield* it.instances.create(baileys(name))
      yield* it.hears(name, "qrcode.updated")
      it.simulator.emitRaw("call", { event: "", instance: name, data: {} })
    }
    it.simulator.drop()
    for (const name of [one, two]) {
      yield* it.hears(name, "gap.updated")
      it.simulator.emit(name, "messages.upsert", { key: { id: "a" } })
    }
    return it
  })

  it.scopedLive("erases all rows of the instance and none of another", () =>
    Effect.gen(function* () {
      const { bus, instances, simulator } = yield* lived
      const before = yield* rowsOf(two)
      for (const rows of [yield* rowsOf(one), before])
        for (const count of rows) expect(count).toBeGreaterThan(0)
      yield* instances.purge(one)
      expect(() => simulator.instance(one)).toThrow("no instance")
      expect(yield* rowsOf(one)).toEqual([0, 0, 0, 0])
      const after = yield* rowsOf(two)
      after.forEach((count, index) => {
        expect(count).toBeGreaterThanOrEqual(before[index] ?? 0)
      })
      // Nor in memory; and who comes back is told that something is gone.
      simulator.emit(two, "chats.delete", ["the last one"])
      const rest = yield* bus.after(0).pipe(
        Stream.takeUntil(({ event }) => event === "chats.delete"),
        Stream.runCollect
      )
      expect([...rest].filter(({ instance }) => instance === one)).toEqual([])
      expect(bus.purgedUntil((name) => name === one)).toBeGreaterThan(0)
      expect(bus.purgedUntil((name) => name === two)).toBe(0)
    })
  )

  it.scopedLive("erases an instance that was deleted earlier", () =>
    Effect.gen(function* () {
      const { instances } = yield* lived
      yield* instances.remove(one)
      expect((yield* rowsOf(one))[0]).toBeGreaterThan(0)
      yield* instances.purge(one)
      expect(yield* rowsOf(one)).toEqual([0, 0, 0, 0])
      expect((yield* Effect.flip(instances.purge(one)))._tag).toBe("InstanceNotFound")
    })
  )

  it.scopedLive("erases nothing while Evolution refuses to delete the instance", () =>
    Effect.gen(function* () {
      const { instances, simulator } = yield* lived
      const before = yield* rowsOf(one)
      simulator.changeKey("another")
      expect((yield* Effect.flip(instances.purge(one)))._tag).toBe("KeyRefused")
      const after = yield* rowsOf(one)
      after.forEach((count, index) => {
        expect(count).toBeGreaterThanOrEqual(before[index] ?? 0)
      })
    })
  )
})
