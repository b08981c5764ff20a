import { describe, expect, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Fiber, Schedule, Stream } from "effect"
import type { InstanceName } from "../../src/Domain/Instance.ts"
import { sharedDatabase } from "../Listening/ListenerRegistry/database.ts"
import { eventually, one, serviceOn } from "./service.ts"

const number = "5511999990002"

describe("Pairing", { timeout: 30_000 }, () => {
  const database = sharedDatabase()

  const service = Effect.gen(function* () {
    const house = yield* serviceOn(database, { AUTO_START: "false" })
    const { bus, hears, instances, simulator } = house
    let marks = 0
    /** Everything the simulator has emitted by now is committed. */
    const settled = (name: InstanceName) =>
      Effect.suspend(() => {
        const mark = `test.${++marks}`
        simulator.emit(name, mark, {})
        return hears(name, mark)
      })
    /** An instance that shows its first code. */
    const shown = Effect.gen(function* () {
      yield* instances.create({ name: one, integration: "WHATSAPP-BAILEYS" })
      yield* hears(one, "qrcode.updated")
    })
    /** Its listener's own question to Evolution, up to 2 s after the link comes up, is answered. */
    const rests = bus.after(0).pipe(
      Stream.filter(({ instance, origin }) => instance === one && origin === "snapshot"),
      Stream.runHead
    )
    const asked = () => {
      const paths: Array<string> = []
      simulator.onCall((path) => void paths.push(path))
      return (path: string) => paths.filter((called) => called.includes(path)).length
    }
    return { ...house, asked, bus, rests, settled, shown }
  })

  it.scopedLive("gives each new code with its number, without a question to Evolution", () =>
    Effect.gen(function* () {
      const { asked, pairing, rests, settled, shown, simulator } = yield* service
      yield* shown
      yield* rests
      const count = asked()
      expect((yield* pairing.qrcode(one)).sequence).toBe(1)
      for (const sequence of [2, 3]) {
        const code = yield* Effect.promise(() => simulator.showQr(one))
        yield* settled(one)
        expect(yield* pairing.qrcode(one)).toMatchObject({ code, sequence })
      }
      expect(count("/")).toBe(0)
    })
  )

  it.scopedLive("fails at once with the reason why there will be no code, and the next step", () =>
    Effect.gen(function* () {
      const { asked, instances, pairing, rests, settled, shown, simulator } = yield* service
      const wait = Duration.minutes(1)
      const refusal = Effect.map(Effect.flip(pairing.qrcode(one, { wait })), (error) =>
        error._tag === "QrNotAvailable" ? [error.reason, error.userAction] : error._tag
      )
      expect(yield* refusal).toBe("InstanceNotFound")
      yield* shown
      yield* rests
      const count = asked()
      const once = (happens: () => void) => Effect.zipRight(Effect.sync(happens), settled(one))
      yield* once(() => simulator.reachQrLimit(one))
      expect(yield* refusal).toEqual(["limit_reached", "request_qr"])
      yield* once(() => simulator.scan(one))
      expect(yield* refusal).toEqual(["already_open", "none"])
      yield* once(() => simulator.logout(one))
      expect(yield* refusal).toEqual(["closed", "request_qr"])
      yield* once(() => simulator.remove(one))
      expect(yield* refusal).toEqual(["removed", "recreate_instance"])
      yield* instances.stop(one)
      expect(yield* refusal).toEqual(["listener_stopped", "none"])
      expect(count("/")).toBe(0)
    })
  )

  it.scopedLive("gives no code while the listener is stopped, even before the code expires", () =>
    Effect.gen(function* () {
      const { instances, pairing, shown } = yield* service
      yield* shown
      expect((yield* instances.status(one)).qrExpiresAt).not.toBeNull()
      expect((yield* instances.stop(one)).qrExpiresAt).toBeNull()
      expect(yield* Effect.flip(pairing.qrcode(one))).toMatchObject({ reason: "listener_stopped" })
    })
  )

  it.scopedLive("waits for a newer code", () =>
    Effect.gen(function* () {
      const { pairing, shown, simulator } = yield* service
      yield* shown
      const asking = yield* Effect.fork(
        pairing.qrcode(one, { after: 1, wait: Duration.minutes(1) })
      )
      const code = yield* Effect.promise(() => simulator.showQr(one))
      expect(yield* Fiber.join(asking)).toMatchObject({ code, sequence: 2 })
    })
  )

  it.scopedLive("stops waiting when the instance connects", () =>
    Effect.gen(function* () {
      const { pairing, shown, simulator } = yield* service
      yield* shown
      const asking = yield* Effect.fork(
        Effect.flip(pairing.qrcode(one, { after: 1, wait: Duration.minutes(1) }))
      )
      simulator.scan(one)
      expect(yield* Fiber.join(asking)).toMatchObject({ reason: "already_open" })
    })
  )

  it.scopedLive("waits no longer than asked", () =>
    Effect.gen(function* () {
      const { pairing, shown } = yield* service
      yield* shown
      const error = yield* Effect.flip(pairing.qrcode(one, { after: 1, wait: Duration.millis(50) }))
      expect(error).toMatchObject({ reason: "not_yet", userAction: "scan_qr" })
    })
  )

  it.scopedLive("makes Evolution begin a new round after the last one ended", () =>
    Effect.gen(function* () {
      const { asked, pairing, settled, shown, simulator } = yield* service
      yield* shown
      simulator.reachQrLimit(one)
      yield* settled(one)
      const count = asked()
      const status = yield* pairing.request(one)
      expect(status.whatsapp?.state).toBe("connecting")
      expect(count("/instance/connect/")).toBe(1)
      const { sequence } = yield* pairing.qrcode(one, { wait: Duration.seconds(10) })
      expect(sequence).toBe(2)
    })
  )

  it.scopedLive("begins one round for many concurrent callers", () =>
    Effect.gen(function* () {
      const { asked, pairing, settled, shown, simulator } = yield* service
      yield* shown
      simulator.logout(one)
      yield* settled(one)
      const count = asked()
      yield* Effect.all(
        Array.from({ length: 5 }, () => pairing.request(one)),
        { concurrency: "unbounded" }
      )
      expect(count("/instance/connect/")).toBe(1)
    })
  )

  it.scopedLive("does not call connect during a round, nor with a linked phone", () =>
    Effect.gen(function* () {
      const { asked, instances, pairing, settled, shown, simulator } = yield* service
      yield* shown
      const count = asked()
      expect((yield* pairing.request(one)).userAction).toBe("scan_qr")
      simulator.scan(one)
      yield* settled(one)
      const reason = Effect.map(Effect.flip(pairing.request(one)), (error) =>
        error._tag === "QrNotAvailable" ? error.reason : error._tag
      )
      expect(yield* reason).toBe("already_open")
      yield* instances.stop(one)
      expect(yield* reason).toBe("listener_stopped")
      expect(count("/instance/connect/")).toBe(0)
    })
  )

  it.scopedLive("calls connect on a close that no event told only after it has stayed", () =>
    Effect.gen(function* () {
      const { asked, pairing, rests, settled, shown, simulator } = yield* service
      yield* shown
      yield* rests
      simulator.scan(one)
      yield* settled(one)
      // WhatsApp has dropped the connection, and Evolution is about to restore it.
      simulator.instance(one).state = "close"
      simulator.emit(one, "connection.update", { instance: one, state: "connecting" })
      yield* settled(one)
      const count = asked()
      const asking = yield* Effect.fork(Effect.flip(pairing.request(one)))
      yield* Effect.repeat(
        Effect.sync(() => count("/connectionState/")),
        { until: (n) => n > 0, schedule: Schedule.spaced("5 millis") }
      )
      simulator.instance(one).state = "open"
      expect(yield* Fiber.join(asking)).toMatchObject({ reason: "already_open" })
      expect(count("/instance/connect/")).toBe(0)
    })
  )

  it.scopedLive("calls connect on a close that only a snapshot told only after it has stayed", () =>
    Effect.gen(function* () {
      const { asked, instances, pairing, settled, shown, simulator } = yield* service
      yield* shown
      simulator.scan(one)
      yield* settled(one)
      yield* instances.stop(one)
      simulator.instance(one).state = "close"
      yield* instances.start(one)
      yield* Effect.repeat(instances.status(one), {
        until: ({ whatsapp }) => whatsapp?.state === "close" && whatsapp.origin === "snapshot",
        schedule: Schedule.spaced("5 millis")
      })
      const count = asked()
      const asking = yield* Effect.fork(Effect.flip(pairing.request(one)))
      yield* eventually(() => count("/connectionState/") > 0)
      simulator.instance(one).state = "open"
      expect(yield* Fiber.join(asking)).toMatchObject({ reason: "already_open" })
      expect(count("/instance/connect/")).toBe(0)
    })
  )

  it.scopedLive("begins no round while the listener is not listening", () =>
    Effect.gen(function* () {
      const { asked, instances, pairing, settled, shown, simulator } = yield* service
      yield* shown
      simulator.reachQrLimit(one)
      yield* settled(one)
      simulator.refuse({ status: 502, body: "" })
      simulator.drop()
      yield* Effect.repeat(instances.status(one), {
        until: ({ listener }) => listener.state._tag !== "Listening",
        schedule: Schedule.spaced("5 millis")
      })
      const count = asked()
      expect(yield* Effect.flip(pairing.request(one))).toMatchObject({ reason: "not_yet" })
      expect(count("/instance/connect/")).toBe(0)
    })
  )

  it.scopedLive("begins no round for an instance that Evolution has not loaded", () =>
    Effect.gen(function* () {
      const { asked, pairing, rests, settled, shown, simulator } = yield* service
      yield* shown
      yield* rests
      simulator.logout(one)
      yield* settled(one)
      simulator.instance(one).state = undefined
      const count = asked()
      expect(yield* Effect.flip(pairing.request(one))).toMatchObject({ reason: "not_yet" })
      expect(count("/connectionState/")).toBe(1)
      expect(count("/instance/connect/")).toBe(0)
    })
  )

  it.scopedLive("gives a pairing code for a number, and the same code again on a second call", () =>
    Effect.gen(function* () {
      const { asked, pairing, settled, shown, simulator } = yield* service
      yield* shown
      simulator.logout(one)
      yield* settled(one)
      const count = asked()
      const code = yield* pairing.pair(one, number)
      expect(code).toMatchObject({ pairingCode: "ABCD1234", sequence: 2 })
      expect(simulator.instance(one).number).toBe(number)
      expect(yield* pairing.pair(one, number)).toEqual(code)
      expect(count("/instance/connect/")).toBe(1)
      // Evolution takes another number only before a round.
      const error = yield* Effect.flip(pairing.pair(one, "5511999990003"))
      expect(error).toMatchObject({ _tag: "QrNotAvailable", reason: "not_possible" })
      expect(simulator.instance(one).number).toBe(number)
    })
  )

  it.scopedLive("emits each step of the progress, from the first code to the linked phone", () =>
    Effect.gen(function* () {
      const { instances, pairing, shown, simulator } = yield* service
      yield* shown
      const steps = yield* pairing.progress(one).pipe(
        Stream.tap((step) =>
          step.state === "scan" && step.qr.sequence === 1
            ? Effect.promise(() => simulator.showQr(one))
            : step.state === "scan"
              ? Effect.sync(() => simulator.scan(one))
              : step.state === "connected"
                ? instances.stop(one).pipe(Effect.zipRight(instances.remove(one)), Effect.orDie)
                : Effect.void
        ),
        Stream.takeUntil(({ state }) => state === "ended"),
        Stream.runCollect
      )
      expect(Chunk.toReadonlyArray(steps)).toMatchObject([
        { state: "scan", qr: { sequence: 1 } },
        { state: "scan", qr: { sequence: 2 } },
        { state: "connected", phone: "5511999990001" },
        { state: "ended" }
      ])
    })
  )
})
