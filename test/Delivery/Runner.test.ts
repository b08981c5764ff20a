import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Queue, type Scope, TestClock } from "effect"
import type { Outgoing } from "../../src/Delivery/Sink.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { databases } from "../support/databases.ts"
import { away, idOf, laneOf, layerOn, make, type Provided, refused } from "./World.ts"

const ids = (messages: ReadonlyArray<Outgoing>) => messages.map(idOf)
const ok = Effect.succeed({ status: 200 })

/** Waits until a fiber sleeps for so many seconds or more. */
const asleep = (seconds: number) =>
  Effect.zipWith(TestClock.sleeps(), TestClock.currentTimeMillis, (until, now) =>
    [...until].some((at) => at - now >= seconds * 1000)
  ).pipe(Effect.repeat({ until: (is) => is }))

describe.each(databases)("Runner on %s", (_, database) => {
  const test = (title: string, body: Effect.Effect<void, unknown, Scope.Scope | Provided>) =>
    it.scoped(title, () => Effect.provide(body, layerOn(database)))

  test(
    "delivers the events of each instance in order, each with the one before it",
    Effect.gen(function* () {
      const world = yield* make()
      const written = yield* world.write(["a", "b", "a", "b", "a"])
      yield* world.start()
      const messages = yield* world.take(5)
      for (const lane of ["a", "b"]) {
        const of = messages.filter((message) => laneOf(message) === lane)
        expect(ids(of)).toEqual(written.filter((_, nth) => (nth % 2 === 0) === (lane === "a")))
        expect(of.map(({ previous }) => previous)).toEqual([null, ...ids(of).slice(0, -1)])
      }
      expect(messages[0]?.id).toBe(`evt_log_${written[0]}`)
    })
  )

  test(
    "lets a lane that fails hold up itself alone, and tries its first event again in time",
    Effect.gen(function* () {
      const world = yield* make()
      world.answerWith((message) => (laneOf(message) === "bad" ? refused() : ok))
      const [first, , second] = yield* world.write(["bad", "good", "bad", "good"])
      yield* world.start()
      expect((yield* world.take(3)).map(laneOf).sort()).toEqual(["bad", "good", "good"])
      const [third] = yield* world.write(["bad"])
      const [other] = yield* world.write(["good"])
      expect(ids(yield* world.take(1))).toEqual([other])
      yield* TestClock.adjust("3 seconds")
      expect(yield* Queue.size(world.arrivals)).toBe(0)
      world.answerWith(() => ok)
      yield* TestClock.adjust("3 seconds")
      const messages = yield* world.take(3)
      expect(ids(messages)).toEqual([first, second, third])
      expect(messages.map(({ attempt }) => attempt)).toEqual([2, 1, 1])
      const [fourth] = yield* world.write(["bad"])
      expect(ids(yield* world.take(1))).toEqual([fourth])
    })
  )

  test(
    "goes on after a stop where it was, without a repeat",
    Effect.gen(function* () {
      const world = yield* make()
      const before = yield* world.write(["a", "b"])
      const { stop } = yield* world.start()
      expect(ids(yield* world.take(2)).sort()).toEqual(before)
      yield* stop
      const after = yield* world.write(["b", "a"])
      yield* world.start()
      const messages = yield* world.take(2)
      expect(ids(messages).sort()).toEqual(after)
      expect(messages.map(({ previous }) => previous).sort()).toEqual(before)
    })
  )

  test(
    "waits for a message under way when it stops, and saves that it was delivered",
    Effect.gen(function* () {
      const world = yield* make()
      const answered = yield* Deferred.make<{ readonly status: number }>()
      world.answerWith(() => Deferred.await(answered))
      yield* world.write(["a"])
      const { stop } = yield* world.start()
      yield* world.take(1)
      const stopping = yield* Effect.fork(stop)
      yield* Deferred.succeed(answered, { status: 200 })
      yield* stopping
      const [next] = yield* world.write(["a"])
      yield* world.start()
      expect(ids(yield* world.take(1))).toEqual([next])
    })
  )

  test(
    "repeats after a crash what was under way, and nothing else",
    Effect.gen(function* () {
      const world = yield* make()
      const stuck = yield* Deferred.make<{ readonly status: number }>()
      const written = yield* world.write(["a", "b", "a", "b", "a"])
      world.answerWith((message) => (idOf(message) === written[2] ? Deferred.await(stuck) : ok))
      const { kill } = yield* world.start()
      yield* world.take(4)
      yield* world.settled("b", written[3] ?? 0)
      yield* kill
      yield* world.start()
      world.answerWith(() => ok)
      expect(ids(yield* world.take(2))).toEqual([written[2], written[4]])
    })
  )

  test(
    "passes a lane that is slower than its events come, and reads what it left from the log",
    Effect.gen(function* () {
      const world = yield* make()
      const gate = yield* Effect.makeLatch(false)
      world.answerWith((message) =>
        laneOf(message) === "slow" ? Effect.zipRight(gate.await, ok) : ok
      )
      yield* world.start()
      const slow = yield* world.write(Array.from({ length: 300 }, () => "slow"))
      const [quick] = yield* world.write(["quick"])
      expect((yield* world.take(2)).map(laneOf).sort()).toEqual(["quick", "slow"])
      expect(yield* world.behind(["slow"])).toBe(true)
      expect(quick).toBeGreaterThan(slow.at(-1) ?? 0)
      yield* gate.open
      expect(ids(yield* world.take(299))).toEqual(slow.slice(1))
      expect(yield* world.behind([])).toBe(true)
      const [last] = yield* world.write(["slow"])
      expect(ids(yield* world.take(1))).toEqual([last])
    })
  )

  test(
    "puts an event aside where asked to, after so many answers that refuse it",
    Effect.gen(function* () {
      const world = yield* make({ skipAfter: 2, retryDelays: [1] })
      const [poison, next] = yield* world.write(["a", "a"])
      world.answerWith((message) => (idOf(message) === poison ? refused(422) : ok))
      yield* world.start()
      yield* world.take(1)
      const messages = yield* Effect.raceFirst(world.take(2), world.passing)
      expect(ids(messages)).toEqual([poison, next])
      expect(messages[1]?.previous).toBe(poison)
      yield* world.settled("a", next ?? 0)
      expect(yield* world.aside).toEqual([
        { event_id: poison, attempts: 2, retry_at: null, reason: "The receiver answered" }
      ])
    })
  )

  test(
    "lets an event that fails hold up no other where no order is asked for, and tries it again",
    Effect.gen(function* () {
      const world = yield* make({ order: "none" })
      const written = yield* world.write(Array.from({ length: 40 }, () => "a"))
      const [poison] = written
      world.answerWith((message) => (idOf(message) === poison ? refused() : ok))
      yield* world.start()
      expect(ids(yield* world.take(40)).sort((left, right) => left - right)).toEqual(written)
      expect(yield* world.turns.size).toBe(0)
      world.answerWith(() => ok)
      // Due by the database's clock.
      yield* world.sql`update endpoint_undelivered set retry_at = now() where event_id = ${poison ?? 0}`
      const settled = Effect.gen(function* () {
        const [again] = yield* world.take(1)
        expect(again).toMatchObject({ attempt: 2, id: `evt_log_${poison}` })
        yield* world.aside.pipe(Effect.repeat({ until: (rows) => rows.length === 0 }))
      })
      yield* Effect.raceFirst(settled, world.passing)
    })
  )

  test(
    "tells the receiver of events that were purged before they were delivered",
    Effect.gen(function* () {
      const world = yield* make()
      const bus = yield* EventBus
      const [first, gone] = yield* world.write(["a", "a"])
      const { stop } = yield* world.start([], first)
      world.answerWith(() => refused())
      yield* world.take(1)
      yield* stop
      yield* world.sql`delete from events where id <= ${gone ?? 0}`
      bus.announcePurged("a", gone ?? 0, "default")
      yield* bus.forget
      world.answerWith(() => ok)
      yield* TestClock.adjust("6 seconds")
      yield* world.start([], first)
      const [missed] = yield* world.take(1)
      expect(missed?.item).toEqual({
        _tag: "Missed",
        server: "default",
        instance: "a",
        from: first,
        to: gone
      })
      const [next] = yield* world.write(["a"])
      expect(ids(yield* world.take(1))).toEqual([next])
    })
  )

  test(
    "leaves a receiver in peace that is away, and tries it with the oldest event",
    Effect.gen(function* () {
      const world = yield* make()
      world.answerWith(() => away)
      const written = yield* world.write(["a", "b", "c", "d", "e", "f"])
      yield* world.start()
      yield* world.take(5)
      expect(yield* world.turns.take).toMatchObject({
        _tag: "blocked",
        failure: { kind: "unreachable" }
      })
      yield* world.write(["g", "a"])
      yield* asleep(4)
      yield* TestClock.adjust("3 seconds")
      expect(yield* Queue.size(world.arrivals)).toBe(0)
      yield* TestClock.adjust("3 seconds")
      expect(ids(yield* world.take(1))).toEqual([written[0]])
      world.answerWith(() => ok)
      expect(yield* Effect.raceFirst(world.turns.take, world.passing)).toMatchObject({
        _tag: "recovered"
      })
    })
  )

  test(
    "tries a receiver that was left in peace at once when the endpoint has changed since",
    Effect.gen(function* () {
      const world = yield* make()
      world.answerWith(() => away)
      const written = yield* world.write(["a", "a", "a", "a", "a", "b", "c", "d", "e", "f"])
      const { stop } = yield* world.start()
      expect(yield* world.turns.take).toMatchObject({ _tag: "blocked" })
      yield* asleep(4)
      yield* stop
      world.answerWith(() => ok)
      world.received.length = 0
      yield* TestClock.adjust("1 second")
      yield* world.change
      yield* world.start()
      yield* world.sql`select`.pipe(
        Effect.repeat({ until: () => world.received.length === written.length })
      )
      expect(world.received.map(idOf).sort((left, right) => left - right)).toEqual(written)
      expect(yield* world.turns.take).toMatchObject({ _tag: "recovered" })
    })
  )

  test(
    "ends deliveries when the receiver says that it is gone",
    Effect.gen(function* () {
      const world = yield* make()
      world.answerWith(() => world.gone)
      yield* world.write(["a"])
      const { disabled } = yield* world.start()
      expect(yield* disabled.take).toBe("The receiver is gone")
    })
  )

  test(
    "delivers a replay beside new events, and says when it has ended",
    Effect.gen(function* () {
      const world = yield* make()
      const old = yield* world.write(["a", "b", "a"])
      const { stop } = yield* world.start()
      yield* world.take(3)
      yield* stop
      yield* world.start([
        {
          id: "0d4a9c0e-8d7d-4d0e-9b6a-1f0a52c6a111",
          endpoint: world.endpoint.id,
          state: "running",
          createdAt: world.endpoint.createdAt,
          finishedAt: null,
          after: (old[0] ?? 0) - 1,
          until: old[2] ?? 0,
          filter: { instances: ["a"] }
        }
      ])
      const replayed = yield* world.take(2)
      expect(ids(replayed)).toEqual([old[0], old[2]])
      expect(replayed.map(({ isReplay }) => isReplay)).toEqual([true, true])
      expect(yield* world.finished.take).toBe("0d4a9c0e-8d7d-4d0e-9b6a-1f0a52c6a111")
      const [next] = yield* world.write(["a"])
      const [live] = yield* world.take(1)
      expect(live).toMatchObject({ isReplay: false, previous: old[2] })
      expect(live && idOf(live)).toBe(next)
    })
  )
})
