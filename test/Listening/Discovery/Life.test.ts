import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import {
  type EvolutionError,
  EvolutionUnavailable,
  KeyRefused
} from "../../../src/Domain/EvolutionError.ts"
import { discovering, row, short } from "./World.ts"

const away = new EvolutionUnavailable({ message: "404 page not found", status: 404 })
const open = { state: "open", phone: "5511999990001", id: "id-of-shop-1" }

// By its own clean-up at a start (EvolutionAPI/evolution-api#388, #626, #728, #1400), or in a state in which a
// deletion emits no event (#187).
describe("An instance that was deleted at Evolution while nobody was connected", () => {
  it.scoped("is removed once two lists and Evolution's own answer agree, and said once", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1"), row("shop-2")])
      world.told.length = 0
      world.rows = [row("shop-2")]
      yield* TestClock.adjust("60 seconds")
      expect(short(world.records.get("shop-1"))).toEqual(open)
      yield* TestClock.adjust("3 seconds")
      expect(short(world.records.get("shop-1"))).toEqual({
        state: "removed",
        phone: null,
        id: null
      })
      yield* TestClock.adjust("10 minutes")
      expect(world.told).toEqual([
        ["shop-1", "connection.update", { instance: "shop-1", state: "removed" }]
      ])
      // Evolution is not asked about it again.
      expect(world.askedFor).toEqual(["shop-1"])
    })
  )

  it.scoped.each<readonly [string, Effect.Effect<"connecting", EvolutionError>]>([
    // An instance's own key lists that instance alone.
    ["Evolution refuses to tell", Effect.fail(new KeyRefused({ message: "Unauthorized" }))],
    ["something else answers", Effect.fail(away)],
    ["Evolution has it in memory", Effect.succeed("connecting" as const)]
  ])("is not removed by a list while %s", ([, answer]) =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1")])
      world.rows = []
      world.state.set("shop-1", answer)
      yield* TestClock.adjust("10 minutes")
      expect(short(world.records.get("shop-1"))).toEqual(open)
    })
  )

  it.scoped("is not removed when the second list has it", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1")])
      const { rows } = world
      world.rows = []
      yield* TestClock.adjust("60 seconds")
      world.rows = rows
      yield* TestClock.adjust("10 minutes")
      expect(short(world.records.get("shop-1"))).toEqual(open)
    })
  )

  it.scoped("is not removed before Evolution knew it", () =>
    Effect.gen(function* () {
      const world = yield* discovering([])
      yield* world.wish("shop-1", "listening")
      yield* TestClock.adjust("10 minutes")
      expect(short(world.records.get("shop-1"))).toEqual({ state: null, phone: null, id: null })
      expect(world.askedFor).toEqual([])
    })
  )

  it.scoped("is known again when the list has it again", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1")])
      yield* world.wish("shop-1", "listening")
      world.rows = []
      yield* TestClock.adjust("70 seconds")
      expect(world.records.get("shop-1")?.whatsapp?.state).toBe("removed")
      world.rows = [row("shop-1", { id: "other", ownerJid: null, connectionStatus: "connecting" })]
      yield* TestClock.adjust("60 seconds")
      expect(short(world.records.get("shop-1"))).toEqual({
        state: "connecting",
        phone: null,
        id: "other"
      })
      expect(world.records.get("shop-1")?.desired).toBe("listening")
    })
  )

  it.scoped("stays removed while a list that was asked for just before still has it", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1")])
      yield* TestClock.adjust("55 seconds")
      yield* world.happens("shop-1", "remove.instance", null)
      yield* TestClock.adjust("5 seconds")
      expect(world.asked).toHaveLength(2)
      expect(world.records.get("shop-1")?.whatsapp?.state).toBe("removed")
    })
  )
})

// The way out when an instance gives no code any more: EvolutionAPI/evolution-api#271, #2539.
describe("An instance that was created again under its name", () => {
  it.scoped("loses the phone, the name, the picture and the state of the one before", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1")])
      yield* world.wish("shop-1", "listening")
      const again = { id: "other", connectionStatus: "close", ownerJid: null, profileName: null }
      world.rows = [row("shop-1", { ...again, profilePicUrl: null })]
      yield* TestClock.adjust("60 seconds")
      expect(world.records.get("shop-1")).toMatchObject({
        whatsapp: { state: "close", origin: "snapshot" },
        profile: { phone: null, name: null, pictureUrl: null },
        evolution: { id: "other" },
        qr: null
      })
    })
  )
})

describe("The list and what is known of an instance", () => {
  it.scoped("agree after one round: the same list tells nothing", () =>
    Effect.gen(function* () {
      const world = yield* discovering([
        row("shop-1"),
        row("shop-2", { connectionStatus: "close", ownerJid: null, profileName: null }),
        row("shop-3", { connectionStatus: "close", disconnectionReasonCode: 401 }),
        row("shop-4", { connectionStatus: "connecting" }),
        row("shop-5", { integration: "EVOLUTION", ownerJid: null, number: "5511999990005" }),
        row("shop-6", { connectionStatus: null }),
        row("shop-7", { profilePicUrl: null, profileName: null })
      ])
      const count = world.told.length
      yield* TestClock.adjust("30 minutes")
      expect(world.told.slice(count)).toEqual([])
    })
  )

  it.scoped("tells the state only of an instance that nobody listens to", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1"), row("shop-2")])
      yield* world.wish("shop-1", "listening")
      yield* world.wish("shop-2", "stopped")
      world.rows = [
        row("shop-1", { connectionStatus: "close" }),
        row("shop-2", { connectionStatus: "close" })
      ]
      yield* TestClock.adjust("60 seconds")
      expect(world.records.get("shop-1")?.whatsapp?.state).toBe("open")
      expect(world.records.get("shop-2")?.whatsapp?.state).toBe("close")
    })
  )

  it.scoped("leaves what happened after the question", () =>
    Effect.gen(function* () {
      const world = yield* discovering([row("shop-1")])
      yield* world.wish("shop-1", "listening")
      yield* TestClock.adjust("60 seconds")
      yield* world.happens("shop-1", "logout.instance", null)
      yield* world.discovery.look
      // Evolution's row keeps the phone of the session that has ended.
      world.rows = [row("shop-1", { connectionStatus: "close", disconnectionReasonCode: 401 })]
      yield* TestClock.adjust("5 seconds")
      expect(short(world.records.get("shop-1"))).toEqual({ ...open, state: "close", phone: null })
    })
  )

  it.scoped("brings the phone of an instance that the version before listened to", () =>
    Effect.gen(function* () {
      const world = yield* discovering([])
      yield* world.wish("shop-1", "listening")
      yield* world.happens("shop-1", "connection.update", { state: "open" })
      expect(short(world.records.get("shop-1"))?.phone).toBeNull()
      world.rows = [row("shop-1")]
      yield* TestClock.adjust("60 seconds")
      expect(short(world.records.get("shop-1"))).toEqual(open)
    })
  )
})
