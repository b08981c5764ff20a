import { describe, expect, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { EventStore } from "../../src/Log/EventStore.ts"
import { databases } from "../support/databases.ts"
import { idOf, laneOf, layerOn, make, type Provided } from "./World.ts"

const ok = Effect.succeed({ status: 200 })

describe.each(databases)("Lanes that are behind, on %s", (_, database) => {
  const test = (title: string, body: Effect.Effect<void, unknown, Scope.Scope | Provided>) =>
    it.scoped(title, () => Effect.provide(body, layerOn(database)))

  test(
    "read the log when their turn comes, no more at once than there are attempts",
    Effect.gen(function* () {
      const world = yield* make({ concurrency: 2 })
      const lanes = Array.from({ length: 12 }, (_, nth) => `lane-${nth}`)
      const written = yield* world.write([...lanes, ...lanes, ...lanes])
      yield* world.sql`
        insert into endpoint_cursors (feed, endpoint, server, generation, cursor, at)
        values (${world.endpoint.id}, ${world.endpoint.id}, 'default', 0, ${written.at(-1) ?? 0}, now())`
      yield* world.sql`
        insert into endpoint_lanes (feed, endpoint, server, lane, generation, cursor, held)
        select ${world.endpoint.id}::uuid, ${world.endpoint.id}::uuid, 'default', 'lane-' || nth, 0, 0, true
        from generate_series(0, 11) as nth`
      const store = yield* EventStore
      const reading: Array<string> = []
      const watched = EventStore.of({
        ...store,
        read: (query) =>
          Effect.suspend(() => {
            if (query.instance !== undefined) reading.push(query.instance)
            return store.read(query)
          })
      })
      const gate = yield* Effect.makeLatch(false)
      world.answerWith(() => Effect.zipRight(gate.await, ok))
      yield* Effect.provideService(world.start(), EventStore, watched)
      const first = yield* world.take(2)
      expect(reading).toHaveLength(2)
      yield* gate.open
      const messages = [...first, ...(yield* world.take(34))]
      for (const [nth, lane] of lanes.entries())
        expect(messages.filter((message) => laneOf(message) === lane).map(idOf)).toEqual(
          written.filter((_, at) => at % 12 === nth)
        )
    })
  )
})
