import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Layer, Logger, Stream, TestClock } from "effect"
import { ConnectionLost } from "../../src/Domain/LinkError.ts"
import { Upstream } from "../../src/Evolution/Upstream.ts"
import * as AutoStart from "../../src/Listening/AutoStart.ts"
import { ListenerRegistry } from "../../src/Listening/ListenerRegistry.ts"
import { Pacing } from "../../src/Listening/Pacing.ts"
import { createElsewhere, eventually, one, serviceOn, two } from "../Instances/service.ts"
import {
  discoveryOf,
  instancesOf,
  keptDefaultsOf,
  ledgerOf,
  proofOf,
  sourceOf
} from "../support/doubles.ts"
import { settings } from "../support/settings.ts"
import { sharedDatabase } from "./ListenerRegistry/database.ts"

describe("AutoStart", { timeout: 30_000 }, () => {
  const database = sharedDatabase()

  /** A service that is connected to Evolution and has no listener yet. */
  const watching = Effect.tap(serviceOn(database), ({ simulator }) =>
    eventually(() => simulator.connections() === 1)
  )

  it.scopedLive("listens to a newly created instance from its first event on", () =>
    Effect.gen(function* () {
      const { eventsOf, hears, registry, simulator, store } = yield* watching
      yield* createElsewhere(simulator, one)
      yield* hears(one, "qrcode.updated")
      expect(store.get(one)).toMatchObject({
        desired: "listening",
        whatsapp: { state: "connecting" },
        qr: { code: simulator.instance(one).qr?.code }
      })
      expect((yield* registry.status(one))._tag).toBe("Listening")
      // The listener's own event is committed independently of the feed.
      const heard = (yield* eventsOf(one)).filter((event) => event !== "listener.updated")
      expect(heard[0]).toBe("instance.create")
    })
  )

  it.scopedLive("ignores created instances when AUTO_START is off", () =>
    Effect.gen(function* () {
      const { hears, registry, simulator, store } = yield* serviceOn(database, {
        AUTO_START: "false"
      })
      yield* registry.start(two)
      yield* eventually(() => simulator.connections() === 1)
      yield* createElsewhere(simulator, one)
      // This event follows the creation's events on the same connection.
      simulator.emit(two, "call", {})
      yield* hears(two, "call")
      expect((yield* registry.all).map(({ name }) => name)).toEqual([two])
      expect(store.get(one)).toBeUndefined()
    })
  )

  const impossible = "x".repeat(256)

  it.scopedLive("logs a name that is no valid instance name and continues to watch", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => logged.push(String(message)))
    return Effect.gen(function* () {
      const { hears, registry, simulator } = yield* watching
      yield* createElsewhere(simulator, impossible)
      yield* createElsewhere(simulator, one)
      yield* hears(one, "qrcode.updated")
      expect((yield* registry.all).map(({ name }) => name)).toEqual([one])
      expect(logged.filter((line) => line.includes(`"${impossible}"`)).length).toBe(1)
    }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
  })

  it.scopedLive("continues to watch after a restart of Evolution", () =>
    Effect.gen(function* () {
      const { hears, simulator, store } = yield* watching
      yield* Effect.promise(simulator.stop)
      yield* Effect.promise(simulator.start)
      yield* eventually(() => simulator.connections() === 1)
      yield* createElsewhere(simulator, one)
      yield* hears(one, "qrcode.updated")
      expect(store.get(one)?.qr?.code).toBe(simulator.instance(one).qr?.code)
    })
  )

  it.scoped("reopens a settled link within 0.6 s after each loss", () =>
    Effect.gen(function* () {
      const heldMillis = 60_000
      const openedAt: Array<number> = []
      const doubles = Layer.mergeAll(
        sourceOf({
          created: () =>
            Effect.map(Clock.currentTimeMillis, (now) => {
              openedAt.push(now)
              return Stream.execute(Effect.delay(ConnectionLost.of(1006, ""), heldMillis))
            })
        }),
        Layer.succeed(ListenerRegistry, {
          start: () => Effect.void,
          stop: () => Effect.void,
          restart: () => Effect.void,
          forget: () => Effect.void,
          status: () => Effect.never,
          all: Effect.succeed([]),
          changes: Stream.never
        }),
        ledgerOf(),
        instancesOf(),
        discoveryOf(),
        keptDefaultsOf(),
        proofOf(),
        Layer.succeed(Upstream, { awaitReturn: Effect.never })
      )
      yield* Layer.build(
        AutoStart.layer.pipe(
          Layer.provide(Pacing.layer),
          Layer.provide(doubles),
          Layer.provide(settings({}))
        )
      )
      yield* TestClock.adjust("10 minutes")
      const away = openedAt.slice(1).map((at, index) => at - (openedAt[index] ?? 0) - heldMillis)
      expect(away.length).toBeGreaterThan(5)
      // The delay is 0.5 s ±20 %: an instance created meanwhile is missed.
      expect(Math.max(...away)).toBeLessThan(601)
    })
  )
})
