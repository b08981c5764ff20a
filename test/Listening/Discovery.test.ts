import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Schedule } from "effect"
import { createElsewhere, eventually, one, serviceOn, two } from "../Instances/service.ts"
import { sharedDatabase } from "./ListenerRegistry/database.ts"

const known = {
  state: "open",
  ownerJid: "5511999990001@s.whatsapp.net",
  profileName: "Loja",
  profilePicUrl: "https://pps.whatsapp.net/v/loja.jpg"
} as const

describe("Discovery", { timeout: 30_000 }, () => {
  const database = sharedDatabase()

  it.scopedLive(
    "lists an instance that existed before with its phone, name, picture and state",
    () =>
      Effect.gen(function* () {
        const { instances, simulator, store } = yield* serviceOn(
          database,
          { AUTO_START: "off" },
          ({ add }) => add(one, known)
        )
        yield* eventually(() => store.get(one)?.whatsapp?.state === "open")
        yield* eventually(() => store.get(one)?.profile.phone !== null)
        const { createdAt, id } = simulator.instance(one)
        expect(yield* instances.status(one)).toMatchObject({
          desired: { state: "unset" },
          listener: { state: { _tag: "Stopped" } },
          userAction: "none",
          whatsapp: { state: "open", origin: "snapshot" },
          profile: {
            phone: "5511999990001",
            name: "Loja",
            pictureUrl: "https://pps.whatsapp.net/v/loja.jpg"
          },
          evolution: {
            id,
            integration: "WHATSAPP-BAILEYS",
            createdAt: DateTime.unsafeMake(createdAt)
          }
        })
        expect((yield* instances.all).map(({ name }) => name)).toEqual([one])
      })
  )

  it.scopedLive("listens to every instance that existed before, and to one created later", () =>
    Effect.gen(function* () {
      const { hears, registry, simulator } = yield* serviceOn(database, {}, ({ add }) =>
        add(one, known)
      )
      yield* hears(one, "listener.updated")
      expect((yield* registry.status(one))._tag).toBe("Listening")
      yield* createElsewhere(simulator, two)
      yield* hears(two, "qrcode.updated")
      expect((yield* registry.all).map(({ name }) => name).sort()).toEqual([one, two])
    })
  )

  it.scopedLive("counts the events of an instance that nobody listens to, and logs none", () =>
    Effect.gen(function* () {
      const { eventsOf, instances, simulator, store } = yield* serviceOn(
        database,
        { AUTO_START: "created" },
        ({ add }) => add(one, known)
      )
      yield* eventually(() => store.get(one)?.profile.phone !== null)
      yield* eventually(() => simulator.connections() === 1)
      const ignored = Effect.map(instances.status(one), ({ ignoredEvents }) => ignoredEvents)
      // Evolution may know of the socket before the service does.
      const say = Effect.sync(() => simulator.emit(one, "presence.update", {}))
      yield* Effect.repeat(Effect.zipRight(say, ignored), {
        until: (count) => count > 0,
        schedule: Schedule.spaced("50 millis")
      })
      const emitted = yield* Effect.delay(ignored, "200 millis")
      for (let count = 0; count < 3; count++) simulator.emit(one, "call", {})
      yield* Effect.repeat(ignored, { until: (count) => count === emitted + 3 })
      expect(yield* eventsOf(one)).not.toContain("call")
      // A start is a call away.
      expect((yield* instances.start(one)).desired.state).toBe("listening")
    })
  )

  it.scopedLive("finds an instance by an event of it", () =>
    Effect.gen(function* () {
      const { simulator, store } = yield* serviceOn(database, { AUTO_START: "created" })
      yield* eventually(() => simulator.connections() === 1)
      simulator.add(one, known)
      simulator.emit(one, "call", {})
      yield* eventually(() => store.get(one)?.profile.phone === "5511999990001")
      expect(store.get(one)?.desired).toBe("unset")
    })
  )

  it.scopedLive.each([
    ["all,-shop-2", [one]],
    ["all,shop-2", [two]],
    ["created,shop-2", []],
    ["off", []]
  ] as const)("starts the listed instances that AUTO_START=%s names", ([setting, expected]) =>
    Effect.gen(function* () {
      const { registry, store } = yield* serviceOn(database, { AUTO_START: setting }, ({ add }) => [
        add(one, known),
        add(two, known)
      ])
      yield* eventually(() => [one, two].every((name) => store.get(name)?.whatsapp != null))
      yield* eventually(
        () =>
          [one, two].filter((name) => store.get(name)?.desired === "listening").length ===
          expected.length
      )
      expect((yield* registry.all).map(({ name }) => name)).toEqual(expected)
    })
  )

  it.scopedLive(
    "leaves an instance stopped that a person stopped, also when it is created again",
    () =>
      Effect.gen(function* () {
        const { hears, instances, simulator, store } = yield* serviceOn(database, {}, ({ add }) =>
          add(one, known)
        )
        yield* hears(one, "listener.updated")
        yield* instances.stop(one)
        simulator.remove(one)
        yield* createElsewhere(simulator, one)
        yield* createElsewhere(simulator, two)
        yield* hears(two, "qrcode.updated")
        expect(store.get(one)?.desired).toBe("stopped")
        expect((yield* instances.status(one)).listener.state._tag).toBe("Stopped")
      })
  )
})
