import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Queue } from "effect"
import * as ListensBy from "../../../src/Log/Standby/ListensBy.ts"
import { databases } from "../../support/databases.ts"
import { settings } from "../../support/settings.ts"

const inMode = (mode: string) =>
  settings({
    EVOLUTION_API_URL: "http://evolution.example",
    EVOLUTION_API_KEY: "a-key-of-evolution",
    EVOLUTION_MODE: mode
  })

/** A source whose mode the test changes. */
const makeSource = Effect.gen(function* () {
  const changes = yield* Queue.unbounded<void>()
  const waits = yield* Queue.unbounded<void>()
  const source = {
    isShared: true,
    modeChanged: Effect.zipRight(Queue.offer(waits, undefined), Queue.take(changes)),
    /** Waits until the note of every change so far is written. */
    isWaitedFor: Queue.take(waits),
    become: (isShared: boolean) => {
      source.isShared = isShared
      return Queue.offer(changes, undefined)
    }
  }
  return source
})

describe.each(databases)("ListensBy on %s", (_name, database) => {
  const epoch = (to: number) =>
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql`update servers set epoch = ${to}`)
  const until = (listensBy: ListensBy.ListensBy, isByNamespace: boolean) =>
    Effect.repeat(listensBy.namespace, { until: (found) => found === isByNamespace })

  it.scopedLive("has the way by which the events come to the owner", () =>
    Effect.gen(function* () {
      yield* epoch(1)
      const [listensBy, source] = [yield* ListensBy.make, yield* makeSource]
      yield* listensBy.follow(source, 1)
      expect(yield* listensBy.namespace).toBe(false)
      yield* source.become(false)
      yield* until(listensBy, true)
      yield* source.become(true)
      yield* until(listensBy, false)
    }).pipe(Effect.provide(Layer.merge(database, inMode("auto"))))
  )

  it.scopedLive("does not take it from an owner whose epoch is over", () =>
    Effect.gen(function* () {
      yield* epoch(2)
      const [listensBy, before, now] = [yield* ListensBy.make, yield* makeSource, yield* makeSource]
      yield* listensBy.follow(before, 1)
      yield* listensBy.follow(now, 2)
      yield* now.become(false)
      yield* until(listensBy, true)
      yield* before.isWaitedFor
      yield* before.become(true)
      yield* before.isWaitedFor
      expect(yield* listensBy.namespace).toBe(true)
    }).pipe(Effect.provide(Layer.merge(database, inMode("auto"))))
  )

  it.scopedLive("notes nothing in another mode", () =>
    Effect.gen(function* () {
      const [listensBy, source] = [yield* ListensBy.make, yield* makeSource]
      yield* listensBy.follow(source, 0)
      expect(yield* listensBy.namespace).toBe(false)
    }).pipe(Effect.provide(Layer.merge(database, inMode("global"))))
  )
})
