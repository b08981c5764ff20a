import { describe, expect, it } from "@effect/vitest"
import { Array as Arr, Effect, Fiber, TestClock } from "effect"
import { isFetched } from "../../../src/Log/Ingest/Item.ts"
import { bytesOf, isWaiting, makeLine, ofKilobytes, settle, taken } from "./Line.ts"

/** What an event of ten kilobytes takes up. */
const ten = Effect.runSync(Effect.flatMap(Effect.all(ofKilobytes(1).map(bytesOf)), Arr.head))

describe("Backlog", () => {
  it.scoped("hands over events in the order of their arrival", () =>
    Effect.gen(function* () {
      const events = ofKilobytes(60)
      const { backlog, bring, committed, draining } = yield* makeLine({ maxBytes: 5 * ten })
      for (const one of events.slice(0, 20)) yield* bring([one])
      yield* bring(events.slice(20, 55))
      yield* bring([])
      yield* bring(events.slice(55))
      yield* backlog.end
      yield* Fiber.join(draining)
      expect(committed()).toEqual(events)
    })
  )

  it.scoped("makes callers wait above its bound in bytes until a commit makes room", () =>
    Effect.gen(function* () {
      const { bring, committed, open } = yield* makeLine({ maxBytes: 2.5 * ten })
      yield* open.close
      const events = ofKilobytes(4)
      yield* bring(events.slice(0, 2))
      expect(yield* isWaiting(yield* Effect.fork(bring([])))).toBe(false)
      yield* bring(events.slice(2, 3))
      const bringing = yield* Effect.fork(bring(events.slice(3)))
      expect(yield* isWaiting(bringing)).toBe(true)
      yield* TestClock.adjust("1 hour")
      expect(yield* isWaiting(bringing)).toBe(true)
      yield* open.open
      yield* Fiber.join(bringing)
      yield* settle
      expect(committed()).toEqual(events)
    })
  )

  it.scoped("accepts events that are larger than its bound", () =>
    Effect.gen(function* () {
      const { bring, committed, open } = yield* makeLine({ maxBytes: 0.5 * ten })
      yield* open.close
      yield* bring(ofKilobytes(3))
      const next = yield* Effect.fork(bring(ofKilobytes(1, 100)))
      expect(yield* isWaiting(next)).toBe(true)
      yield* open.open
      yield* Fiber.join(next)
      yield* settle
      expect(committed()).toHaveLength(4)
    })
  )

  it.scoped("makes callers wait while the oldest event is too old", () =>
    Effect.gen(function* () {
      const { bring, committed, open } = yield* makeLine()
      const [first, second, third, fourth] = ofKilobytes(4)
      if (!(first && second && third && fourth)) throw new Error("unreachable")
      yield* open.close
      yield* bring([first])
      yield* TestClock.adjust("10 minutes")
      yield* bring([second])
      yield* TestClock.adjust(1)
      const bringing = yield* Effect.fork(bring([third]))
      expect(yield* isWaiting(bringing)).toBe(true)
      yield* open.open
      yield* Fiber.join(bringing)
      // The age of what is committed does not count any more.
      yield* bring([fourth])
      yield* settle
      expect(committed()).toEqual([first, second, third, fourth])
    })
  )

  it.scoped("admits waiting callers in their order, as far as there is room", () =>
    Effect.gen(function* () {
      const { bring, committed, open } = yield* makeLine({ maxBytes: 1.5 * ten })
      yield* open.close
      const events = ofKilobytes(8)
      yield* bring(events.slice(0, 2))
      const bringing = yield* Effect.forEach(events.slice(2), (one) =>
        Effect.zipLeft(Effect.fork(bring([one])), settle)
      )
      yield* open.release
      yield* settle
      const waiting = yield* Effect.forEach(bringing, isWaiting)
      expect(waiting).toEqual([false, false, true, true, true, true])
      yield* open.open
      yield* Fiber.joinAll(bringing)
      yield* settle
      expect(committed()).toEqual(events)
    })
  )

  it.scoped("builds no items for a caller before there is room", () =>
    Effect.gen(function* () {
      const { backlog, bring, open } = yield* makeLine({ maxBytes: 0.5 * ten })
      yield* open.close
      yield* bring(ofKilobytes(1))
      let made = 0
      const make = () => {
        made++
        return []
      }
      const patient = yield* Effect.fork(backlog.add(make))
      const impatient = yield* Effect.fork(backlog.add(make))
      yield* settle
      yield* Fiber.interrupt(impatient)
      expect(made).toBe(0)
      yield* open.open
      yield* Fiber.join(patient)
      expect(made).toBe(1)
    })
  )

  it.scoped("commits every accepted event after its end, then closes", () =>
    Effect.gen(function* () {
      const { backlog, bring, committed, draining, open } = yield* makeLine()
      yield* open.close
      const events = ofKilobytes(20, 1000)
      yield* bring(events)
      yield* backlog.end
      expect(yield* isWaiting(draining)).toBe(true)
      yield* open.open
      yield* Fiber.join(draining)
      expect(committed()).toEqual(events)
      // Whoever comes too late does not wait for ever.
      yield* bring(ofKilobytes(1))
      expect(committed()).toEqual(events)
    })
  )

  it.scoped("keeps back-filled events in batches of their own without changing the order", () =>
    Effect.gen(function* () {
      const { batches, bring, open } = yield* makeLine()
      yield* open.close
      const [live, again] = [taken("1"), taken("2", { origin: "backfill" })]
      yield* bring([live])
      yield* settle
      yield* bring([live, live, again, again, live, again])
      yield* open.open
      yield* settle
      expect(batches).toEqual([[live], [live, live], [again, again], [live], [again]])
      const fetched = [live, again].map((decoded) => isFetched({ decoded }))
      expect(fetched).toEqual([false, true])
    })
  )
})

describe("The times of Backlog", () => {
  it.scoped("say until when every event is committed: now, or the oldest waiting event", () =>
    Effect.gen(function* () {
      const { backlog, bring, open } = yield* makeLine()
      const settled = backlog.committedUntil
      yield* TestClock.setTime(1000)
      expect(yield* settled).toBe(1000)
      yield* open.close
      yield* bring(ofKilobytes(1))
      yield* TestClock.setTime(2000)
      // Each a batch of its own, as two together are too large for one.
      yield* bring(ofKilobytes(2, 5000))
      yield* TestClock.setTime(3000)
      yield* bring(ofKilobytes(1, 5000))
      yield* TestClock.setTime(4000)
      const seen = [yield* settled]
      for (let commit = 0; commit < 4; commit++) {
        yield* open.release
        yield* settle
        seen.push(yield* settled)
      }
      expect(seen).toEqual([1000, 2000, 2000, 3000, 4000])
      yield* TestClock.setTime(5000)
      expect(yield* settled).toBe(5000)
    })
  )

  it.scoped("cover an event from its reception, through its wait for room, to its commit", () =>
    Effect.gen(function* () {
      const { backlog, open } = yield* makeLine({ maxBytes: 0.5 * ten })
      yield* open.close
      const bring = (since: number) =>
        backlog.add(() => ofKilobytes(1).map((one) => [one, undefined]), since)
      yield* TestClock.setTime(60_000)
      yield* bring(59_000)
      expect(yield* backlog.committedUntil).toBe(59_000)
      const waiting = yield* Effect.fork(bring(7_000))
      const leaving = yield* Effect.fork(bring(3_000))
      yield* settle
      expect(yield* backlog.committedUntil).toBe(3_000)
      yield* Fiber.interrupt(leaving)
      expect(yield* backlog.committedUntil).toBe(7_000)
      yield* open.release
      yield* settle
      yield* Fiber.join(waiting)
      expect(yield* backlog.committedUntil).toBe(7_000)
      yield* open.release
      yield* settle
      expect(yield* backlog.committedUntil).toBe(60_000)
    })
  )

  it.scoped("say since when callers have waited for room, and until when they did", () =>
    Effect.gen(function* () {
      const { backlog, bring, open } = yield* makeLine({ maxBytes: 1.5 * ten })
      yield* TestClock.setTime(1000)
      yield* open.close
      yield* bring(ofKilobytes(2))
      expect(yield* backlog.fullSince).toBeUndefined()
      expect(yield* backlog.fullUntil).toBeUndefined()
      const first = yield* Effect.fork(bring(ofKilobytes(3)))
      yield* TestClock.setTime(2000)
      const second = yield* Effect.fork(bring(ofKilobytes(1)))
      yield* TestClock.setTime(3000)
      expect(yield* backlog.fullSince).toBe(1000)
      expect(yield* backlog.fullUntil).toBe(3000)
      yield* open.open
      yield* Fiber.joinAll([first, second])
      yield* settle
      yield* TestClock.setTime(4000)
      expect(yield* backlog.fullSince).toBeUndefined()
      expect(yield* backlog.fullUntil).toBe(3000)
    })
  )
})
