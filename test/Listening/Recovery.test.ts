import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, DateTime, Effect, Either, Fiber, Layer, Option, TestClock } from "effect"
import { decode, type RawEvent } from "../../src/Domain/Event.ts"
import {
  type EvolutionError,
  EvolutionRefused,
  EvolutionUnavailable,
  InstanceNotFound,
  KeyRefused,
  LicenseRequired
} from "../../src/Domain/EvolutionError.ts"
import { InstanceName, type InstanceRecord, nothingObserved } from "../../src/Domain/Instance.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import type { EvolutionClient } from "../../src/Evolution/EvolutionClient.ts"
import { Recovery } from "../../src/Listening/Recovery.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { GapStore } from "../../src/Log/GapStore.ts"
import { evolution } from "../Evolution/EvolutionClient/double.ts"
import { clocksOf, ingestOf, instancesOf, ledgerOf, storeOf } from "../support/doubles.ts"
import { settings } from "../support/settings.ts"

const name = InstanceName.make("shop-1")

const absent = new InstanceNotFound({ message: "It does not exist", instance: name })
const away = new EvolutionUnavailable({ message: "Cannot reach Evolution", status: null })
const stringified = new EvolutionRefused({ message: "[object Object]", status: 200 })

const row = (ownerJid: string | null) => Effect.succeed([{ name, ownerJid }])
const code = { code: "2@first", base64: "data:image/png;base64,AA==", pairingCode: null, count: 1 }

const withQr: InstanceRecord = {
  ...nothingObserved,
  name,
  desired: "listening",
  desiredAt: DateTime.unsafeMake(0),
  qr: {
    code: "2@known",
    base64: null,
    pairingCode: null,
    sequence: 1,
    receivedAt: DateTime.unsafeMake(0),
    expiresAt: DateTime.unsafeMake(45_000)
  }
}

const recovery = (
  answers: Partial<typeof EvolutionClient.Service>,
  record?: InstanceRecord | undefined
) =>
  Effect.gen(function* () {
    const handedOn: Array<RawEvent> = []
    const ingest = ingestOf({
      receive: (events, origin) =>
        Effect.sync(() => {
          expect(origin).toBe("snapshot")
          handedOn.push(...events)
        })
    })
    const unused = Layer.mergeAll(
      Layer.succeed(EventStore, storeOf({})),
      Layer.mock(GapStore, { lostFor: () => Effect.succeed([]) }),
      clocksOf(),
      ledgerOf()
    )
    const context = yield* Layer.build(
      Recovery.layer.pipe(
        Layer.provide(evolution(answers)),
        Layer.provide(instancesOf({ get: () => record })),
        Layer.provide(Layer.merge(unused, ingest)),
        Layer.provide(settings({}))
      )
    )
    const { snapshot } = Context.get(context, Recovery)
    return {
      /** Takes a snapshot and returns the events that Ingest received. */
      snapshot: (instance: InstanceName) =>
        Effect.map(snapshot(instance), (): ReadonlyArray<RawEvent> => handedOn.splice(0))
    }
  })

/** Returns each answer once, then the last one for ever; counts the calls. */
const script = <A>(...answers: ReadonlyArray<Effect.Effect<A, EvolutionError>>) => {
  const asked = { times: 0 }
  const answer = () =>
    Effect.suspend(() => answers[Math.min(asked.times++, answers.length - 1)] ?? Effect.never)
  return { answer, asked }
}

const said = (data: ReadonlyArray<RawEvent>) => data.map((event) => [event.name, event.payload])

const stateEvent = (state: string) => [
  "connection.update",
  { event: "connection.update", instance: name, data: { instance: name, state } }
]

describe("Recovery.snapshot", () => {
  it.scoped.each(["open", "close", "unknown"] as const)(
    'logs the WhatsApp state "%s" after a single query',
    (state) =>
      Effect.gen(function* () {
        const { snapshot } = yield* recovery({ connectionState: () => Effect.succeed(state) })
        expect(said(yield* snapshot(name))).toEqual([stateEvent(state)])
      })
  )

  it.scoped("reports an instance as removed after two answers of 404, 2 s apart, and a list", () =>
    Effect.gen(function* () {
      const { answer, asked } = script<"open">(absent)
      const fetchInstances = () => Effect.succeed([{ name: "another" }])
      const { snapshot } = yield* recovery({ connectionState: answer, fetchInstances })
      const fiber = yield* Effect.fork(snapshot(name))
      yield* TestClock.adjust(1999)
      expect([yield* Fiber.poll(fiber), asked.times]).toEqual([Option.none(), 1])
      yield* TestClock.adjust(1)
      expect(said(yield* Fiber.join(fiber))).toEqual([stateEvent("removed")])
      expect(asked.times).toBe(2)
    })
  )

  it.scoped("keeps an instance that Evolution's list has, though it is not loaded yet", () =>
    Effect.gen(function* () {
      const { answer } = script<"open">(absent)
      const fetchInstances = () => Effect.succeed([{ name: "another" }, { name }])
      const { snapshot } = yield* recovery({ connectionState: answer, fetchInstances })
      const fiber = yield* Effect.fork(snapshot(name))
      yield* TestClock.adjust("2 seconds")
      expect(said(yield* Fiber.join(fiber))).toEqual([stateEvent("unknown")])
    })
  )

  it.scoped("keeps an instance that the second query finds", () =>
    Effect.gen(function* () {
      const { answer } = script<"open">(absent, Effect.succeed("open"))
      const { snapshot } = yield* recovery({ connectionState: answer })
      const fiber = yield* Effect.fork(snapshot(name))
      yield* TestClock.adjust("2 seconds")
      const events = yield* Fiber.join(fiber)
      expect(said(events)).toEqual([stateEvent("open")])
      // The snapshot is as old as the second query: later than any event received between the two.
      expect(events[0]?.receivedAt).toBe(2000)
    })
  )

  it.scoped("requests the QR code of a connecting instance that was never paired", () =>
    Effect.gen(function* () {
      const { snapshot } = yield* recovery({
        connectionState: () => Effect.succeed("connecting"),
        fetchInstances: () => row(null),
        connect: () => Effect.succeed(code)
      })
      const events = yield* snapshot(name)
      expect(said(events)[1]).toEqual([
        "qrcode.updated",
        {
          event: "qrcode.updated",
          instance: name,
          data: {
            qrcode: {
              instance: name,
              code: "2@first",
              base64: "data:image/png;base64,AA==",
              pairingCode: null
            }
          }
        }
      ])
      // Ingest can decode both events.
      expect(
        events.map((event) => Either.isRight(decode(event, "snapshot", Scrub.unconfigured)))
      ).toEqual([true, true])
    })
  )

  // The double lacks `connect`: a call of it dies and fails the test.
  it.scoped("requests no code when the code is known or the instance is paired", () =>
    Effect.gen(function* () {
      const connecting = () => Effect.succeed("connecting" as const)
      const known = yield* recovery({ connectionState: connecting }, withQr)
      expect(said(yield* known.snapshot(name))).toEqual([stateEvent("connecting")])
      const paired = yield* recovery({
        connectionState: connecting,
        fetchInstances: () => row("5511999990001@s.whatsapp.net")
      })
      expect(said(yield* paired.snapshot(name))).toEqual([stateEvent("connecting")])
    })
  )

  it.scoped.each([
    [
      "has no code yet",
      { fetchInstances: () => row(null), connect: () => Effect.succeed({ count: 0 }) }
    ],
    ["cannot connect it", { fetchInstances: () => row(null), connect: () => stringified }],
    ["has not loaded it", { fetchInstances: () => absent }]
  ] as const)("logs only the state when Evolution %s", ([, answers]) =>
    Effect.gen(function* () {
      const { snapshot } = yield* recovery({
        connectionState: () => Effect.succeed("connecting"),
        ...answers
      })
      expect(said(yield* snapshot(name))).toEqual([stateEvent("connecting")])
    })
  )

  it.scoped("repeats its query until Evolution answers", () =>
    Effect.gen(function* () {
      const { answer, asked } = script<"open">(away, away, away, away, Effect.succeed("open"))
      const { snapshot } = yield* recovery({ connectionState: answer })
      const fiber = yield* Effect.fork(snapshot(name))
      // Delays are 1, 2, 4 and 8 s, each ±20 %.
      yield* TestClock.adjust("11 seconds")
      expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
      yield* TestClock.adjust("8 seconds")
      expect(said(yield* Fiber.join(fiber))).toEqual([stateEvent("open")])
      expect(asked.times).toBe(5)
    })
  )

  it.scoped("waits at most 36 s between two queries", () =>
    Effect.gen(function* () {
      const { answer, asked } = script<"open">(away)
      const { snapshot } = yield* recovery({ connectionState: answer })
      yield* Effect.forkScoped(snapshot(name))
      yield* TestClock.adjust("10 minutes")
      for (let round = 0; round < 5; round++) {
        const before = asked.times
        yield* TestClock.adjust("36 seconds")
        expect(asked.times).toBeGreaterThan(before)
      }
    })
  )

  it.scoped.each([
    new KeyRefused({ message: "Evolution refused the API key" }),
    new LicenseRequired({ message: "Evolution is not activated" })
  ])("fails at once on a refusal that a retry cannot mend: $_tag", (error) =>
    Effect.gen(function* () {
      const { snapshot } = yield* recovery({ connectionState: () => error })
      expect(yield* Effect.flip(snapshot(name))).toBe(error)
    })
  )

  it.scoped("dates its event with the time of the query, not of the answer", () =>
    Effect.gen(function* () {
      const { answer } = script<"open">(away, Effect.delay(Effect.succeed("open"), "3 seconds"))
      const { snapshot } = yield* recovery({ connectionState: answer })
      const fiber = yield* Effect.fork(Effect.zip(snapshot(name), Clock.currentTimeMillis))
      yield* TestClock.adjust("10 seconds")
      const [[event], answeredAt] = yield* Fiber.join(fiber)
      expect(event?.receivedAt).toBeCloseTo(answeredAt - 3000, 3)
    })
  )

  it.scoped("sends at most 16 queries at once", () =>
    Effect.gen(function* () {
      let [asking, most] = [0, 0]
      const { snapshot } = yield* recovery({
        connectionState: () =>
          Effect.sync(() => {
            most = Math.max(most, ++asking)
          }).pipe(
            Effect.zipRight(Effect.delay(Effect.succeed("open" as const), "1 second")),
            Effect.ensuring(Effect.sync(() => asking--))
          )
      })
      const all = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 40 }, () => snapshot(name)),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust("3 seconds")
      expect((yield* Fiber.join(all)).length).toBe(40)
      expect(most).toBe(16)
    })
  )
})
