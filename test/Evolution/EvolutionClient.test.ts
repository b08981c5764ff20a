import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { EvolutionClient } from "../../src/Evolution/EvolutionClient.ts"
import { EvolutionSimulator } from "../../src/Testing/mod.ts"
import { evolutionAt } from "../support/settings.ts"
import { name } from "./EvolutionClient/server.ts"

/** The client and its simulated Evolution. */
const connected = Effect.gen(function* () {
  const simulator = Context.get(yield* Layer.build(EvolutionSimulator.layer()), EvolutionSimulator)
  const layer = Layer.provide(EvolutionClient.layer, evolutionAt(simulator))
  return { simulator, client: Context.get(yield* Layer.build(layer), EvolutionClient) }
})

const other = InstanceName.make("shop-2")

describe("EvolutionClient at a simulated Evolution", () => {
  it.scoped(
    "create makes an instance that connects, with its number, its token and every event",
    () =>
      Effect.gen(function* () {
        const { client, simulator } = yield* connected
        yield* client.create({ name, integration: "WHATSAPP-BAILEYS", number: "5511999990001" })
        const instance = simulator.instance(name)
        expect(instance).toMatchObject({ state: "connecting", number: "5511999990001" })
        expect(instance.websocket?.enabled).toBe(true)
        expect(instance.websocket?.events).toContain("GROUPS_UPDATE")
      })
  )

  it.scoped("create fails for an instance that exists", () =>
    Effect.gen(function* () {
      const { client, simulator } = yield* connected
      simulator.add(name)
      const error = yield* Effect.flip(client.create({ name, integration: "EVOLUTION" }))
      expect(error).toMatchObject({
        _tag: "InstanceExists",
        instance: name,
        message: `This name "${name}" is already in use.`
      })
    })
  )

  it.scoped("connect gives the QR code that is shown", () =>
    Effect.gen(function* () {
      const { client, simulator } = yield* connected
      simulator.add(name)
      expect(yield* client.connectionState(name)).toBe("close")
      const { base64, code, count } = yield* client.connect(name)
      expect({ base64, code, count }).toEqual({
        base64: simulator.instance(name).qr?.base64,
        code: simulator.instance(name).qr?.code,
        count: 1
      })
      expect(yield* client.connectionState(name)).toBe("connecting")
      simulator.scan(name)
      expect(yield* client.connect(name)).toEqual({ instance: { state: "open" } })
    })
  )

  it.scoped("connectionState tells an instance that is not loaded from a closed one", () =>
    Effect.gen(function* () {
      const { client, simulator } = yield* connected
      simulator.add(name, { state: undefined })
      expect(yield* client.connectionState(name)).toBe("unknown")
      expect((yield* Effect.flip(client.connect(name)))._tag).toBe("EvolutionRefused")
    })
  )

  it.scoped("fetchInstances gives one instance or all, without their tokens", () =>
    Effect.gen(function* () {
      const { client, simulator } = yield* connected
      const { createdAt, id, token } = simulator.add(name, {
        ownerJid: "5511999990001@s.whatsapp.net"
      })
      simulator.add(other)
      const one = yield* client.fetchInstances(name)
      expect(one).toEqual([
        {
          name,
          id,
          integration: "WHATSAPP-BAILEYS",
          createdAt,
          number: null,
          disconnectionReasonCode: null,
          connectionStatus: "close",
          ownerJid: "5511999990001@s.whatsapp.net",
          profileName: null,
          profilePicUrl: null,
          _count: { Message: 0 }
        }
      ])
      expect(JSON.stringify(one)).not.toContain(token)
      expect((yield* client.fetchInstances()).map((row) => row.name)).toEqual([name, other])
    })
  )

  it.scoped("restart and logout need an open instance, and fail with the reason otherwise", () =>
    Effect.gen(function* () {
      const { client, simulator } = yield* connected
      simulator.add(name)
      expect(yield* Effect.flip(client.restart(name))).toMatchObject({
        _tag: "EvolutionRefused",
        status: 200
      })
      expect(yield* Effect.flip(client.logout(name))).toMatchObject({
        _tag: "EvolutionRefused",
        status: 400,
        message: `The "${name}" instance is not connected`
      })
      simulator.scan(name)
      yield* client.restart(name)
      expect(yield* client.connectionState(name)).toBe("open")
      yield* client.logout(name)
      expect(yield* client.connectionState(name)).toBe("close")
    })
  )

  it.scoped("every call fails for a deleted instance", () =>
    Effect.gen(function* () {
      const { client, simulator } = yield* connected
      simulator.add(name)
      yield* client.delete(name)
      // The simulator cleans up right after its answer, before it reads another request.
      const errors = yield* Effect.forEach(
        [
          client.connectionState(name),
          client.connect(name),
          client.fetchInstances(name),
          client.restart(name),
          client.logout(name),
          client.delete(name),
          client.findWebSocket(name),
          client.setWebSocket(name, [])
        ],
        (call) => Effect.flip(Effect.asVoid(call))
      )
      for (const error of errors)
        expect(error).toMatchObject({ _tag: "InstanceNotFound", instance: name })
    })
  )

  it.scoped("setWebSocket writes the settings that findWebSocket reads", () =>
    Effect.gen(function* () {
      const { client, simulator } = yield* connected
      simulator.add(name, { websocket: null })
      expect(yield* client.findWebSocket(name)).toBeNull()
      yield* client.setWebSocket(name, ["QRCODE_UPDATED", "CALL"])
      expect(yield* client.findWebSocket(name)).toEqual({
        enabled: true,
        events: ["QRCODE_UPDATED", "CALL"]
      })
      expect(yield* Effect.flip(client.setWebSocket(name, ["NO_SUCH_EVENT"]))).toMatchObject({
        _tag: "EvolutionRefused",
        status: 400,
        message: expect.stringContaining("NO_SUCH_EVENT")
      })
    })
  )

  it.scoped("ping needs no key, and fails while Evolution is stopped", () =>
    Effect.gen(function* () {
      const { client, simulator } = yield* connected
      yield* client.ping
      yield* Effect.promise(simulator.stop)
      expect((yield* Effect.flip(client.ping))._tag).toBe("EvolutionUnavailable")
      yield* Effect.promise(simulator.start)
      yield* client.ping
    })
  )

  it.scoped("calls fail with a key that changed", () =>
    Effect.gen(function* () {
      const { client, simulator } = yield* connected
      simulator.add(name)
      simulator.changeKey("another")
      expect((yield* Effect.flip(client.connectionState(name)))._tag).toBe("KeyRefused")
      expect((yield* Effect.flip(client.fetchInstances()))._tag).toBe("KeyRefused")
    })
  )
})
