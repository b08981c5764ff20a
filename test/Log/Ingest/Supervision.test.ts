import { describe, expect, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Exit, Fiber, FiberId, Option, Stream, TestClock } from "effect"
import { Escalation, LoopCrashed } from "../../../src/Concurrency/Supervise.ts"
import { type LoggedEvent, ofOurs } from "../../../src/Domain/Event.ts"
import * as Scrub from "../../../src/Domain/Scrub.ts"
import { makeLines } from "../../support/Lines.ts"
import { type Batch, calls, isPoison, makeWorld, numbers, raw, sqlError } from "./World.ts"

const escalation = () => Deferred.unsafeMake<never, LoopCrashed>(FiberId.none)

describe("The writer", () => {
  it.scoped("commits and publishes every event when a watcher of the bus throws", () =>
    Effect.gen(function* () {
      const { layer, lines } = yield* makeLines
      const { bus, close, data, receive } = yield* makeWorld().pipe(Effect.provide(layer))
      const heard: Array<LoggedEvent> = []
      yield* bus.watch({
        published: () => {
          throw new TypeError("a bug of the watcher")
        },
        forgetting: () => undefined
      })
      yield* bus.watch({
        published: (events) => heard.push(...events),
        forgetting: () => undefined
      })
      const reading = yield* Effect.fork(Stream.runCollect(Stream.take(bus.after(0), 3)))
      for (const event of calls(3)) {
        yield* receive([event])
        yield* TestClock.adjust("1 second")
      }
      yield* close
      expect(data()).toEqual([0, 1, 2])
      expect(heard.map(({ id }) => id)).toEqual([1, 2, 3])
      expect(Chunk.size(yield* Fiber.join(reading))).toBe(3)
      expect(lines.map(({ message }) => message)).toEqual(
        Array.from({ length: 3 }, () => "A watcher of the event bus crashed")
      )
    })
  )

  it.scoped("continues after a defect of the bus", () =>
    Effect.gen(function* () {
      const { layer, lines } = yield* makeLines
      const { close, data, ingest, receive, rests } = yield* makeWorld(undefined, {}, () =>
        Effect.dieMessage("a bug")
      ).pipe(Effect.provide(layer))
      yield* receive(calls(2))
      yield* TestClock.adjust("1 second")
      const { committed } = yield* ingest.appendOwn([])
      yield* committed
      yield* receive(calls(5).slice(2))
      yield* close
      expect(data()).toEqual(numbers(5))
      expect(rests()).toBe(1)
      expect(lines.map(({ level }) => level)).toEqual(["ERROR", "ERROR"])
    })
  )

  it.scoped("restarts after a crash and writes every accepted event once", () =>
    Effect.gen(function* () {
      let crashes = 0
      const isSecondHalf = ({ events }: Batch) => String(events[0]?.json) === '{"n":2}'
      const { close, data, quarantined, receive } = yield* makeWorld((batch) => {
        if (batch.events.length > 2) return sqlError("22P05")
        return isSecondHalf(batch) && crashes++ === 0 ? Effect.interrupt : undefined
      })
      yield* receive(calls(4))
      yield* TestClock.adjust(0)
      // The first half is committed, the second one has met the crash.
      expect([data(), crashes]).toEqual([[0, 1], 1])
      yield* receive(calls(6).slice(4))
      yield* TestClock.adjust("1 second")
      expect(data()).toEqual(numbers(6))
      yield* close
      expect([data(), quarantined]).toEqual([numbers(6), []])
    })
  )

  it.scoped("ends the program when it keeps crashing, without recording a clean stop", () =>
    Effect.gen(function* () {
      const ended = escalation()
      const { close, ingest, receive, rests } = yield* makeWorld(() => Effect.interrupt).pipe(
        Effect.provideService(Escalation, ended)
      )
      yield* receive(calls(1))
      yield* TestClock.adjust("10 seconds")
      const exit = yield* Effect.exit(Deferred.await(ended))
      expect(Exit.isFailure(exit)).toBe(true)
      expect(yield* Effect.flip(Deferred.await(ended))).toBeInstanceOf(LoopCrashed)
      expect(yield* Effect.flip(Deferred.await(ended))).toMatchObject({ loop: "writer" })
      yield* close
      expect(rests()).toBe(0)
      expect((yield* ingest.depth).events).toBe(1)
    })
  )

  it.scoped("releases callers whose events fit neither the log nor the quarantine", () =>
    Effect.gen(function* () {
      const { ingest } = yield* makeWorld(() => sqlError("54001"))
      const [message] = calls(1)
      expect(yield* ingest.backfill(message === undefined ? [] : [message])).toBe(0)
      const own = ofOurs(
        { instance: "shop", event: "gap.updated", data: {}, receivedAt: 0 },
        Scrub.unconfigured
      )
      yield* (yield* ingest.appendOwn([own])).committed
      yield* ingest.flush
      expect(yield* ingest.depth).toMatchObject({ events: 0 })
    })
  )

  it.scoped("flushes the events received before the call and does not wait for later ones", () =>
    Effect.gen(function* () {
      const { close, data, ingest, open, receive } = yield* makeWorld()
      yield* ingest.flush
      yield* TestClock.setTime(5000)
      yield* open.close
      yield* receive(calls(1))
      const flushing = yield* Effect.fork(ingest.flush)
      yield* TestClock.adjust("1 minute")
      expect(Option.isNone(yield* Fiber.poll(flushing))).toBe(true)
      yield* ingest.receive([{ ...raw("shop", { n: 1 }), receivedAt: 65_000 }], "live")
      yield* open.release
      yield* Fiber.join(flushing)
      expect(data()).toEqual([0])
      yield* open.open
      yield* close
    })
  )

  it.scoped("does not restart when the database refuses an event", () =>
    Effect.gen(function* () {
      const ended = escalation()
      const { close, quarantined, receive } = yield* makeWorld(({ events }) =>
        events.some(isPoison) ? sqlError("22P05") : undefined
      ).pipe(Effect.provideService(Escalation, ended))
      yield* receive(Array.from({ length: 20 }, () => raw("shop", { poison: true })))
      yield* close
      expect(quarantined).toHaveLength(20)
      expect(yield* Deferred.isDone(ended)).toBe(false)
    })
  )
})
