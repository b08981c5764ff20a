import { describe, expect, it } from "@effect/vitest"
import { Array as Arr, Effect, Fiber, Option, Stream, TestClock } from "effect"
import type { RawEvent } from "../../src/Domain/Event.ts"
import {
  type Batch,
  calls,
  isPoison,
  makeWorld,
  numbers,
  raw,
  sqlError,
  undecodable,
  until
} from "./Ingest/World.ts"

describe("Ingest", () => {
  it.scoped("commits events in the order they arrived, for each instance, from many callers", () =>
    Effect.gen(function* () {
      const { close, events, receive } = yield* makeWorld()
      yield* Effect.forEach(
        numbers(20),
        (instance) =>
          Effect.forEach(calls(300, `shop-${instance}`), (event) => receive([event, event])),
        { concurrency: "unbounded" }
      )
      yield* close
      expect(events).toHaveLength(20 * 600)
      for (const instance of numbers(20)) {
        const own = events.filter((event) => event.instance === `shop-${instance}`)
        expect(own.map(({ json }) => JSON.parse(String(json)).n)).toEqual(
          numbers(600).map((n) => Math.floor(n / 2))
        )
      }
    })
  )

  it.scoped("commits every accepted event when it is told to stop", () =>
    Effect.gen(function* () {
      const { close, data, open, receive, rests } = yield* makeWorld()
      yield* open.close
      yield* receive(calls(1200))
      const closing = yield* Effect.fork(close)
      yield* TestClock.adjust("2 seconds")
      expect([data(), rests()]).toEqual([[], 0])
      expect(Option.isNone(yield* Fiber.poll(closing))).toBe(true)
      yield* open.open
      yield* closing
      expect(data()).toEqual(numbers(1200))
      expect(rests()).toBe(1)
    })
  )

  it.scoped(
    "ends within its time when the database stays away, without recording a clean stop",
    () =>
      Effect.gen(function* () {
        const { close, data, receive, rests } = yield* makeWorld(() => sqlError("ECONNREFUSED"))
        yield* receive(calls(3))
        const closing = yield* Effect.fork(close)
        yield* TestClock.adjust("5 seconds")
        yield* closing
        expect(data()).toEqual([])
        // It was no stop in good order: who comes next has to know that something is missing.
        expect(rests()).toBe(0)
      })
  )

  it.scoped("quarantines an undecodable event and continues with the others", () =>
    Effect.gen(function* () {
      const { close, data, quarantined, receive } = yield* makeWorld()
      const [first, second] = calls(2)
      const junk: RawEvent = { name: "noise", payload: [1, 2], receivedAt: 1000 }
      yield* receive([first, undecodable, second, junk].filter((one) => one !== undefined))
      yield* close
      expect(data()).toEqual([0, 1])
      expect(quarantined).toMatchObject([
        { event: "call", instance: "shop", json: '{"instance":"shop"}' },
        { event: "noise", instance: null, json: "[1,2]" }
      ])
    })
  )

  it.scoped(
    "quarantines the one event that Postgres refuses and keeps the order of the others",
    () =>
      Effect.gen(function* () {
        const refuse = ({ events }: Batch) =>
          events.some(isPoison) ? sqlError("22P05") : undefined
        const { bus, close, data, quarantined, receive } = yield* makeWorld(refuse)
        const heard = yield* Effect.fork(Stream.runCollect(Stream.take(bus.after("now"), 99)))
        const events = calls(100)
        events[37] = raw("shop", { poison: "secret" })
        yield* receive(events)
        yield* close
        const rest = numbers(100).filter((n) => n !== 37)
        expect(data()).toEqual(rest)
        expect(quarantined).toEqual([
          {
            event: "call",
            instance: "shop",
            receivedAt: 1000,
            reason: "words of 22P05",
            json: JSON.stringify('{"poison":"secret"}')
          }
        ])
        expect(Array.from(yield* heard, ({ json }) => JSON.parse(String(json)).n)).toEqual(rest)
      })
  )

  it.scoped("carries an instance's state from one half of a split batch to the other", () =>
    Effect.forEach([1, 2, 3], (position) =>
      Effect.gen(function* () {
        const refuse = ({ events }: Batch) =>
          events.some(isPoison) ? sqlError("22P05") : undefined
        const { batches, close, lastEvent, receive, shop } = yield* makeWorld(refuse)
        const open = { state: "open", wuid: "5511999990001@s.whatsapp.net" }
        const after = calls(3).toSpliced(position - 1, 0, raw("shop", { poison: true }))
        yield* receive([raw("shop", open, "connection.update"), ...after])
        yield* close
        const last = batches.findLast(({ changes }) => changes.length > 0)
        expect(last?.changes[0]?.observed.whatsapp?.state, `${position}`).toBe("open")
        expect(shop(), `${position}`).toMatchObject({
          whatsapp: { state: "open" },
          profile: { phone: "5511999990001" }
        })
        expect(lastEvent(), `${position}`).toBe("call")
      })
    )
  )

  /** As a database that has not all characters in its encoding. */
  const ofAscii = ({ events, quarantined }: Batch) =>
    [...events, ...quarantined].some((one) => /[^\0-\x7f]/.test(JSON.stringify(one)))
      ? sqlError("22P05")
      : undefined

  it.scoped("quarantines an event whole when the database has not all of its characters", () =>
    Effect.gen(function* () {
      const { close, quarantined, receive } = yield* makeWorld(ofAscii)
      const data = { message: { conversation: 'Olá 👍 \\u00e1 "' } }
      yield* receive([raw("shop", data), raw("loja-é", data, "é")])
      yield* close
      expect(quarantined).toMatchObject([
        { event: "call", instance: "shop", reason: "words of 22P05" },
        { event: "\\u00e9", instance: "loja-\\u00e9" }
      ])
      for (const { json } of quarantined) expect(JSON.parse(JSON.parse(json))).toEqual(data)
    })
  )

  it.scoped(
    "keeps the payload of a refused quarantine row; drops the row that is refused again",
    () =>
      Effect.gen(function* () {
        const world = yield* makeWorld(ofAscii)
        const unreadable = { ...undecodable, payload: { instance: "shop", data: "é 👍" } }
        yield* world.receive([unreadable, ...calls(2)])
        yield* world.close
        const [row] = world.quarantined
        expect(row).toMatchObject({ event: "call", instance: "shop" })
        expect(JSON.parse(JSON.parse(row?.json ?? ""))).toEqual(unreadable.payload)
        expect(world.data()).toEqual([0, 1])

        const any = ({ quarantined }: Batch) =>
          quarantined.length > 0 ? sqlError("54001") : undefined
        const strict = yield* makeWorld(any)
        yield* strict.receive([undecodable, ...calls(2)])
        yield* strict.close
        expect(strict.data()).toEqual([0, 1])
      })
  )

  it.scoped("waits for an unavailable database and neither loses nor repeats an event", () =>
    Effect.gen(function* () {
      let failures = 8
      const refuse = () => (failures-- > 0 ? sqlError("ECONNREFUSED") : undefined)
      const { bus, data, receive } = yield* makeWorld(refuse)
      const heard: Array<number> = []
      yield* bus.after("now").pipe(
        Stream.runForEach(({ id }) => Effect.sync(() => heard.push(id))),
        Effect.fork
      )
      yield* receive(calls(3))
      yield* TestClock.adjust("1 second")
      expect(failures).toBeGreaterThan(0)
      expect(data()).toEqual([])
      expect(heard).toEqual([]) // nobody hears of what is not committed
      yield* receive(calls(600).slice(3))
      yield* TestClock.adjust("1 minute")
      yield* until(() => data().length === 600)
      expect(data()).toEqual(numbers(600))
      yield* until(() => heard.length === 600)
      expect(heard).toEqual(numbers(600).map((n) => n + 1))
    })
  )

  it.scoped("shows an instance's new state only after the commit of its event", () =>
    Effect.gen(function* () {
      let isAway = true
      const { data, events, lastEvent, receive, shop } = yield* makeWorld(() =>
        isAway ? sqlError("ECONNREFUSED") : undefined
      )
      yield* receive([raw("shop", { state: "open" }, "connection.update")])
      yield* TestClock.adjust("10 seconds")
      expect([data(), shop()?.whatsapp, lastEvent()]).toEqual([[], null, undefined])
      isAway = false
      yield* TestClock.adjust("10 seconds")
      yield* until(() => events.length === 1)
      expect([shop()?.whatsapp?.state, lastEvent()]).toEqual(["open", "connection.update"])
    })
  )

  it.scoped(
    "publishes an event with its id after the commit and after the instance's new state",
    () =>
      Effect.gen(function* () {
        const { bus, events, receive, shop } = yield* makeWorld()
        const first = yield* bus.after("now").pipe(
          Stream.mapEffect((event) =>
            Effect.sync(() => ({ event, committed: events.length, state: shop()?.whatsapp?.state }))
          ),
          Stream.runHead,
          Effect.fork
        )
        yield* receive([raw("shop", { state: "open" }, "connection.update")])
        const seen = Option.getOrThrow(yield* first)
        expect(seen).toMatchObject({
          committed: 1,
          state: "open",
          event: { id: 1, instance: "shop", event: "connection.update", origin: "live" }
        })
      })
  )

  it.scoped("makes the caller wait while its queue is full", () =>
    Effect.gen(function* () {
      const { close, data, ingest, open, receive } = yield* makeWorld(undefined, {
        QUEUE_MAX_MIB: "1"
      })
      yield* open.close
      const events = calls(20_000)
      const receiving = yield* Effect.fork(
        Effect.forEach(Arr.chunksOf(events, 100), receive, { discard: true })
      )
      yield* Effect.replicateEffect(Effect.yieldNow(), 1000)
      expect(Option.isNone(yield* Fiber.poll(receiving))).toBe(true)
      expect(yield* ingest.degraded).toMatchObject({ reason: "queue_full" })
      yield* open.open
      yield* receiving
      yield* close
      expect(data()).toEqual(numbers(20_000))
      expect(yield* ingest.degraded).toBe(null)
    })
  )

  it.scoped("writes at most 1 000 events or about 4 MB in one batch", () =>
    Effect.gen(function* () {
      const { batches, close, receive } = yield* makeWorld()
      const large = Array.from({ length: 6 }, () => raw("shop", { text: "x".repeat(1_500_000) }))
      yield* receive([...calls(4100), ...large, raw("shop", "y".repeat(9_000_000))])
      yield* close
      expect(batches.flatMap(({ events }) => events)).toHaveLength(4106)
      for (const { events } of batches) {
        expect(events.length).toBeLessThanOrEqual(1000)
        const chars = events.reduce((sum, { json }) => sum + json.length, 0)
        expect(events.length === 1 || chars <= 4 * 1024 * 1024).toBe(true)
      }
    })
  )
})
