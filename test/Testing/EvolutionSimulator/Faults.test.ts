import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import { io } from "socket.io-client"
import { EvolutionSimulator, type Simulator, scopedSimulator } from "../../../src/Testing/mod.ts"

/** A client of the official library on `/`, and the events that it has received. */
const connected = (evolution: Simulator) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const received: Array<{ readonly event: string; readonly data: { readonly n?: number } }> = []
      const socket = io(evolution.url, {
        transports: ["websocket"],
        extraHeaders: { apikey: evolution.apiKey },
        reconnection: false
      })
      socket.onAny((event: string, { data }) => received.push({ event, data }))
      const ended = new Promise<string>((resolve) => socket.on("disconnect", resolve))
      await new Promise<void>((resolve) => socket.on("connect", resolve))
      return { socket, ended, numbers: () => received.map(({ data }) => data.n), received }
    }),
    ({ socket }) => Effect.sync(() => socket.close())
  )

const world = Effect.gen(function* () {
  const evolution = yield* scopedSimulator()
  evolution.addLinked("shop")
  const client = yield* connected(evolution)
  const emit = (...numbers: ReadonlyArray<number>) => {
    for (const n of numbers) evolution.emit("shop", "messages.upsert", { key: { id: `M${n}` }, n })
  }
  /** Waits until the client has all that was sent: an event that no fault touches comes last. */
  const settled = Effect.promise(async () => {
    evolution.emitRaw("end", { data: {} })
    await expect.poll(() => client.received.at(-1)?.event).toBe("end")
    client.received.pop()
    return client.numbers()
  })
  return { client, emit, evolution, settled }
})

describe("lose", () => {
  it.scopedLive("keeps the chosen events from the socket, and in the table", () =>
    Effect.gen(function* () {
      const { emit, evolution, settled } = yield* world
      evolution.lose({ next: 2, event: "messages.upsert" })
      evolution.emit("shop", "messages.update", { n: 0 })
      emit(1, 2, 3)
      expect(yield* settled).toEqual([0, 3])
      expect(evolution.stored().get("shop")).toHaveLength(3)
      evolution.lose({ instance: "another" })
      emit(4)
      expect((yield* settled).at(-1)).toBe(4)
      evolution.lose({})
      emit(5)
      expect((yield* settled).at(-1)).toBe(4)
      evolution.reset()
      emit(6)
      expect((yield* settled).at(-1)).toBe(6)
    })
  )

  it.scopedLive("loses a share, and by one seed the same events each time", () =>
    Effect.gen(function* () {
      const numbers = Array.from({ length: 40 }, (_, index) => index)
      const rest = Effect.scoped(
        Effect.gen(function* () {
          const { emit, evolution, settled } = yield* world
          evolution.lose({ share: 0.25 })
          emit(...numbers)
          return yield* settled
        })
      )
      const received = yield* rest
      expect(received.length).toBeGreaterThan(20)
      expect(received.length).toBeLessThan(40)
      expect(yield* rest).toEqual(received)
    })
  )
})

describe("duplicate", () => {
  it.scopedLive("sends the chosen events twice", () =>
    Effect.gen(function* () {
      const { emit, evolution, settled } = yield* world
      evolution.duplicate({ next: 1 })
      emit(1, 2)
      expect(yield* settled).toEqual([1, 1, 2])
      expect(evolution.stored().get("shop")).toHaveLength(2)
    })
  )
})

describe("deafen", () => {
  it.scopedLive("keeps back an instance's messages alone", () =>
    Effect.gen(function* () {
      const { emit, evolution, settled } = yield* world
      evolution.deafen("shop", true)
      emit(1)
      evolution.emit("shop", "messages.update", { n: 2 })
      expect(yield* settled).toEqual([2])
      evolution.deafen("shop", false)
      emit(3)
      expect(yield* settled).toEqual([2, 3])
    })
  )
})

describe("faults of the connection", () => {
  it.scopedLive("drop it, garble it, or let it fall silent", () =>
    Effect.gen(function* () {
      const { client, emit, evolution } = yield* world
      evolution.fallSilent()
      emit(1)
      const second = yield* connected(evolution)
      emit(2)
      yield* Effect.promise(() => expect.poll(second.numbers).toEqual([2]))
      expect([client.numbers(), client.socket.connected]).toEqual([[], true])
      evolution.drop()
      expect(yield* Effect.promise(() => client.ended)).toBe("transport close")

      for (const garbage of ["text", "event", "bytes"] as const) {
        const { ended } = yield* connected(evolution)
        evolution.garble(garbage)
        expect([garbage, yield* Effect.promise(() => ended)]).toEqual([
          garbage,
          expect.stringMatching(/^(transport|parse) (close|error)$/)
        ])
      }
    })
  )

  it.scopedLive("refuse a request and a socket until that ends", () =>
    Effect.gen(function* () {
      const { evolution } = yield* world
      evolution.refuse({ status: 502, body: "Bad Gateway" })
      const status = Effect.promise(async () => (await fetch(evolution.url)).status)
      expect(yield* status).toBe(502)
      evolution.refuse(undefined)
      expect(yield* status).toBe(200)
    })
  )
})

describe("the simulator's time", () => {
  it.scoped("is that of TestClock: stamps, the life of codes, their limit", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator({ qrLimit: 2 })
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      evolution.addLinked("shop")
      expect(evolution.text("shop", "5511988887777", "Olá").messageTimestamp).toBe(1_767_225_600)
      const client = yield* connected(evolution)
      evolution.emit("shop", "messages.update", {})
      const emitted: Array<unknown> = []
      const name = "shop-2"
      evolution.onEmit(({ data, event }) => emitted.push([event, Object(data).statusCode]))
      evolution.add(name, { state: "connecting" })
      yield* Effect.promise(() => evolution.showQr(name))
      yield* TestClock.adjust("44 seconds")
      expect(emitted).toEqual([["qrcode.updated", undefined]])
      yield* TestClock.adjust("1 second")
      yield* Effect.promise(() => expect.poll(() => emitted.length).toBe(2))
      yield* TestClock.adjust("45 seconds")
      expect(emitted.slice(2)).toEqual([
        ["qrcode.updated", 500],
        ["connection.update", undefined]
      ])
      expect(evolution.instance(name)).toMatchObject({ state: "close", qrCount: 0 })
      yield* Effect.promise(() => expect.poll(() => client.received.length).toBeGreaterThan(3))
    })
  )

  it.scoped("delays events, which keep their order, and answers", () =>
    Effect.gen(function* () {
      const { emit, evolution, settled } = yield* world
      evolution.slow({ eventMillis: 10_000 })
      emit(1, 2)
      evolution.slow({ eventMillis: 1000, answerMillis: 3000 })
      emit(3)
      yield* TestClock.adjust("9999 millis")
      expect(yield* settled).toEqual([])
      yield* TestClock.adjust("1 millis")
      expect(yield* settled).toEqual([1, 2, 3])

      const called = new Promise<string>((resolve) => evolution.onCall(resolve))
      const answer = fetch(evolution.url)
      expect(yield* Effect.promise(() => called)).toBe("/")
      yield* TestClock.adjust("2999 millis")
      expect(evolution.calls()).toEqual([])
      yield* TestClock.adjust("1 millis")
      expect((yield* Effect.promise(() => answer)).status).toBe(200)
    })
  )

  it.scoped("brings Evolution back after its absence", () =>
    Effect.gen(function* () {
      const evolution = yield* EvolutionSimulator
      evolution.addLinked("shop")
      const alive = Effect.promise(() =>
        fetch(evolution.url, { headers: { connection: "close" } }).then(
          () => true,
          () => false
        )
      )
      yield* Effect.promise(() => evolution.leave(60_000))
      yield* TestClock.adjust("59 seconds")
      expect(yield* alive).toBe(false)
      yield* TestClock.adjust("1 second")
      yield* Effect.promise(() => expect.poll(() => Effect.runPromise(alive)).toBe(true))
      expect(yield* Clock.currentTimeMillis).toBe(60_000)
    }).pipe(Effect.provide(EvolutionSimulator.layer()))
  )
})
