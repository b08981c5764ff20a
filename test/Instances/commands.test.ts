import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { sharedDatabase } from "../Listening/ListenerRegistry/database.ts"
import { one, serviceOn, two } from "./service.ts"

const baileys = (name: typeof one) => ({ name, integration: "WHATSAPP-BAILEYS" as const })

describe("Instances", { timeout: 30_000 }, () => {
  const database = sharedDatabase()
  const service = serviceOn(database)

  it.scopedLive("removes an instance after its last events and forgets it", () =>
    Effect.gen(function* () {
      const { eventsOf, hears, instances, registry, simulator, store } = yield* service
      yield* instances.create(baileys(one))
      yield* hears(one, "qrcode.updated")
      yield* instances.remove(one)
      // That its listener stopped is written down in its own time.
      const heard = (yield* eventsOf(one)).filter((event) => event !== "listener.updated")
      expect(heard.slice(-2)).toEqual(["instance.delete", "remove.instance"])
      expect([yield* registry.all, store.get(one)]).toEqual([[], undefined])
      expect(() => simulator.instance(one)).toThrow("no instance")
      expect((yield* Effect.flip(instances.status(one)))._tag).toBe("InstanceNotFound")
    })
  )

  it.scopedLive("removes an instance without a listener at once", () =>
    Effect.gen(function* () {
      const { client, instances, store } = yield* service
      yield* instances.create(baileys(one))
      yield* instances.stop(one)
      // Three seconds is what it would give a listener.
      yield* Effect.timeout(instances.remove(one), "2 seconds")
      expect(store.get(one)).toBeUndefined()
      expect((yield* Effect.flip(client.connectionState(one)))._tag).toBe("InstanceNotFound")
    })
  )

  it.scopedLive("forgets an instance that Evolution no longer has", () =>
    Effect.gen(function* () {
      const { hears, instances, simulator, store } = yield* service
      yield* instances.create(baileys(one))
      yield* hears(one, "qrcode.updated")
      simulator.remove(one)
      yield* hears(one, "remove.instance")
      yield* instances.remove(one)
      expect(store.get(one)).toBeUndefined()
    })
  )

  it.scopedLive("takes the verdict on a gap back, and leaves an open gap as it is", () =>
    Effect.gen(function* () {
      const { instances, simulator } = yield* service
      yield* instances.create(baileys(one))
      simulator.drop()
      const newest = Effect.map(instances.gaps(one, 1), ([gap]) => gap)
      const closed = yield* Effect.repeat(Effect.delay(newest, "5 millis"), {
        until: (gap) => gap?.to != null
      })
      const missing = yield* instances.retryGap(one, "00000000-0000-4000-8000-000000000000")
      expect(missing).toEqual(Option.none())
      const again = yield* instances.retryGap(one, closed?.id ?? "")
      expect(Option.getOrNull(again)).toMatchObject({ id: closed?.id, recovered: null })
      expect((yield* Effect.flip(instances.retryGap(two, closed?.id ?? "")))._tag).toBe(
        "InstanceNotFound"
      )
    })
  )

  it.scopedLive("fails with InstanceNotFound for an unknown instance", () =>
    Effect.gen(function* () {
      const { instances, registry } = yield* service
      const errors = yield* Effect.all([
        Effect.flip(instances.remove(one)),
        Effect.flip(instances.stop(one)),
        Effect.flip(instances.restart(one)),
        Effect.flip(instances.status(one))
      ])
      for (const error of errors) expect(error._tag).toBe("InstanceNotFound")
      expect(yield* registry.all).toEqual([])
    })
  )

  it.scopedLive("keeps an instance that Evolution refuses to delete", () =>
    Effect.gen(function* () {
      const { instances, simulator, store } = yield* service
      yield* instances.create(baileys(one))
      simulator.refuse("license")
      expect((yield* Effect.flip(instances.remove(one)))._tag).toBe("LicenseRequired")
      expect(store.get(one)?.desired).toBe("listening")
      expect((yield* instances.status(one)).listener.state._tag).toBe("Listening")
    })
  )

  it.scopedLive("starts, stops and restarts an instance of Evolution, and lists all by name", () =>
    Effect.gen(function* () {
      const { hears, instances, simulator } = yield* service
      for (const name of [two, one]) {
        simulator.add(name, { ownerJid: "5511999990001@s.whatsapp.net", state: "open" })
        yield* instances.start(name)
        yield* hears(name, "listener.updated")
        // Evolution's list, or the listener's own question, tells what is true now.
        yield* hears(name, "connection.update")
        expect(yield* instances.status(name)).toMatchObject({
          userAction: "none",
          whatsapp: { state: "open", origin: "snapshot" }
        })
      }
      expect((yield* instances.stop(two)).listener.state._tag).toBe("Stopped")
      const all = yield* instances.all
      expect(all.map(({ desired, name }) => [name, desired.state])).toEqual([
        [one, "listening"],
        [two, "stopped"]
      ])
      expect((yield* instances.restart(two)).desired.state).toBe("listening")
    })
  )

  it.scopedLive("starts no instance that exists nowhere", () =>
    Effect.gen(function* () {
      const { instances, registry, store } = yield* service
      expect(yield* Effect.flip(instances.start(one))).toMatchObject({
        _tag: "InstanceNotFound",
        instance: one,
        message: expect.stringContaining("Evolution has no instance of this name")
      })
      expect([store.get(one), yield* registry.all]).toEqual([undefined, []])
    })
  )

  it.scopedLive.each([
    ["cannot be reached", { status: 502, body: "Bad Gateway" }],
    ["is hidden by a proxy", { status: 404, body: "404 page not found" }],
    ["is not activated", "license"]
  ] as const)("starts an unknown instance while Evolution %s", ([, refusal]) =>
    Effect.gen(function* () {
      const { instances, simulator } = yield* service
      simulator.refuse(refusal)
      expect((yield* instances.start(one)).desired.state).toBe("listening")
    })
  )

  it.scopedLive("reports a started instance that Evolution turns out not to have", () =>
    Effect.gen(function* () {
      const { hears, instances, simulator } = yield* service
      simulator.refuse({ status: 502, body: "Bad Gateway" })
      yield* instances.start(one)
      simulator.refuse(undefined)
      yield* hears(one, "connection.update")
      expect(yield* instances.status(one)).toMatchObject({
        userAction: "recreate_instance",
        whatsapp: { state: "removed", origin: "snapshot" }
      })
    })
  )
})
