import { describe, expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { sharedDatabase } from "../Listening/ListenerRegistry/database.ts"
import { one, serviceOn, two } from "./service.ts"

const baileys = (name: typeof one) => ({ name, integration: "WHATSAPP-BAILEYS" as const })

describe("Instances", { timeout: 30_000 }, () => {
  const database = sharedDatabase()
  // Without it, every creation here would find its listener started by somebody else.
  const service = serviceOn(database, { AUTO_START: "false" })

  it.scopedLive("creates an instance and receives its QR code without a question", () =>
    Effect.gen(function* () {
      const { eventsOf, hears, instances, pairing, simulator } = yield* service
      const asked: Array<string> = []
      simulator.onCall((path) => void asked.push(path))
      const created = yield* instances.create({ ...baileys(one), number: "5511999990001" })
      expect(created).toMatchObject({
        name: one,
        desired: { state: "listening" },
        listener: { state: { _tag: "Listening" } }
      })
      yield* hears(one, "qrcode.updated")
      const { base64, code, pairingCode } = yield* pairing.qrcode(one)
      expect({ base64, code, pairingCode }).toEqual(simulator.instance(one).qr)
      expect(yield* instances.status(one)).toMatchObject({
        userAction: "scan_qr",
        whatsapp: { state: "connecting", origin: "live" }
      })
      // The listener was there before the instance was: not even its first event is missing.
      expect((yield* eventsOf(one))[0]).toBe("instance.create")
      expect(asked).toContain("/instance/create")
      expect(asked.some((path) => path.includes("/instance/connect/"))).toBe(false)
    })
  )

  it.scopedLive("fails to create an instance that Evolution has, and does not listen to it", () =>
    Effect.gen(function* () {
      const { instances, registry, simulator, store } = yield* service
      const before = { ...simulator.add(one) }
      expect((yield* Effect.flip(instances.create(baileys(one))))._tag).toBe("InstanceExists")
      expect(yield* registry.all).toEqual([])
      expect(store.get(one)?.desired).not.toBe("listening")
      expect(simulator.instance(one)).toEqual(before)
    })
  )

  it.scopedLive("leaves an existing instance listening or stopped, as it was", () =>
    Effect.gen(function* () {
      const { hears, instances, pairing, registry, simulator, store } = yield* service
      for (const name of [one, two]) {
        yield* instances.create(baileys(name))
        yield* hears(name, "qrcode.updated")
      }
      yield* instances.stop(two)
      const wanted = () => [one, two].map((name) => store.get(name)?.desired)
      expect(wanted()).toEqual(["listening", "stopped"])
      const since = (yield* registry.status(one)).since
      for (const name of [one, two])
        expect((yield* Effect.flip(instances.create(baileys(name))))._tag).toBe("InstanceExists")
      expect(wanted()).toEqual(["listening", "stopped"])
      // The same link, not another one.
      expect(yield* registry.status(one)).toMatchObject({ _tag: "Listening", since })
      expect((yield* registry.status(two))._tag).toBe("Stopped")
      expect((yield* pairing.qrcode(one)).code).toBe(simulator.instance(one).qr?.code)
    })
  )

  it.scopedLive("keeps the time of the wish for an existing instance", () =>
    Effect.gen(function* () {
      const { instances, store } = yield* service
      for (const name of [one, two]) yield* instances.create(baileys(name))
      yield* instances.stop(two)
      const since = () => [one, two].map((name) => store.get(name)?.desiredAt.epochMillis)
      const before = since()
      for (const name of [one, two]) yield* Effect.flip(instances.create(baileys(name)))
      expect(since()).toEqual(before)
    })
  )

  it.scopedLive("lets one of many concurrent creations of a name succeed", () =>
    Effect.gen(function* () {
      const { hears, instances, simulator } = yield* service
      const results = yield* Effect.all(
        Array.from({ length: 5 }, () => Effect.either(instances.create(baileys(one)))),
        { concurrency: "unbounded" }
      )
      expect(results.filter(Either.isRight).length).toBe(1)
      const errors = results.flatMap((result) => (Either.isLeft(result) ? [result.left._tag] : []))
      expect(errors).toEqual(Array(4).fill("InstanceExists"))
      yield* hears(one, "qrcode.updated")
      expect(simulator.instance(one).qrCount).toBe(1)
      expect((yield* instances.status(one)).listener.state._tag).toBe("Listening")
    })
  )

  it.scopedLive("undoes a failed creation, which can be repeated", () =>
    Effect.gen(function* () {
      const { instances, registry, simulator, store } = yield* service
      simulator.refuse({ status: 502, body: "Bad Gateway" })
      const error = yield* Effect.flip(instances.create(baileys(one)))
      expect(error).toMatchObject({ _tag: "EvolutionUnavailable", status: 502 })
      expect([yield* registry.all, store.get(one)]).toEqual([[], undefined])
      simulator.refuse(undefined)
      expect((yield* instances.create(baileys(one))).name).toBe(one)
    })
  )
})
