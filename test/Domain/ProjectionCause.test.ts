import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Either } from "effect"
import { decode, type EventOrigin } from "../../src/Domain/Event.ts"
import { InstanceName, nothingObserved, type Observed } from "../../src/Domain/Instance.ts"
import * as State from "../../src/Domain/ListenerState.ts"
import { observe } from "../../src/Domain/Projection.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import { statusOf } from "../../src/Domain/Status.ts"

const event = (name: string, data: unknown, at = 0, origin: EventOrigin = "live") =>
  Either.getOrThrow(
    decode(
      { name, payload: { event: name, instance: "loja-1", data }, receivedAt: at },
      origin,
      Scrub.unconfigured
    )
  )

const update = (state: string, more: object = {}, at = 0, origin?: EventOrigin) =>
  event("connection.update", { instance: "loja-1", state, statusReason: 200, ...more }, at, origin)

const code = (at = 0) => event("qrcode.updated", { qrcode: { code: "2@a" } }, at)

const listed = (id: string, more: object = {}) =>
  event(
    "instance.updated",
    { instanceId: id, integration: null, createdAt: null, ...more },
    0,
    "snapshot"
  )

const taught = (...events: ReadonlyArray<ReturnType<typeof event>>): Observed =>
  events.reduce(observe, nothingObserved)

const ana = { phone: "5511900000001", name: "Ana", pictureUrl: "https://p/ana.jpg" }
const nobody = { phone: null, name: null, pictureUrl: null }
const open = update("open", {
  wuid: `${ana.phone}@s.whatsapp.net`,
  profileName: ana.name,
  profilePictureUrl: ana.pictureUrl
})
const other = { wuid: "5511900000002@s.whatsapp.net" }
const identity = (instanceId: string) => ({ instanceName: "loja-1", instanceId })

describe("A fact goes with what made it untrue", () => {
  it.each([
    ["a logout", [event("logout.instance", null)]],
    ["a logout that only the update tells", [update("close", { statusReason: 401 })]],
    // The phone removed the device: EvolutionAPI/evolution-api#1816, #2541.
    [
      "a removed device",
      [
        event("status.instance", {
          instance: "loja-1",
          status: "closed",
          disconnectionReasonCode: 401
        }),
        event("logout.instance", null),
        update("close", { statusReason: 401 })
      ]
    ],
    ["a deletion", [event("instance.delete", identity("a"))]],
    ["a removal", [event("remove.instance", null)]],
    // A deletion that no event told: EvolutionAPI/evolution-api#187, #388, #626, #728.
    ["a snapshot of a removal", [update("removed", {}, 1, "snapshot")]],
    ["a new code, which WhatsApp shows where no phone is linked", [code()]],
    // The way out when nothing else helps: EvolutionAPI/evolution-api#271, #2539.
    ["a creation under the same name", [event("instance.create", identity("b"))]],
    ["a list with another id", [listed("a"), listed("b")]],
    ["a list that says that no phone is linked", [listed("a", { profile: null })]]
  ])("after %s the phone, the name and the picture are empty", (_, events) => {
    expect(taught(open, ...events).profile).toEqual(nobody)
  })

  it.each([
    ["a removal", event("remove.instance", null)],
    ["an open", update("open")],
    ["a logout", event("logout.instance", null)],
    ["another id", listed("b")]
  ])("after %s the code is gone", (_, next) => {
    expect(taught(listed("a"), code(), next).qr).toBeNull()
  })

  it("another phone brings its own name and picture, or none", () => {
    expect(taught(open, update("open", other)).profile).toEqual({
      ...nobody,
      phone: "5511900000002"
    })
    expect(taught(open, update("open", { ...other, profileName: "Bia" })).profile).toEqual({
      ...nobody,
      phone: "5511900000002",
      name: "Bia"
    })
    const profile = { phone: "5511900000002", name: null, pictureUrl: null }
    expect(taught(open, listed("a", { profile })).profile).toEqual(profile)
  })

  it("a phone that is linked after a logout has nothing of the one before", () => {
    const told = readFileSync(new URL("../fixtures/phone-change.ndjson", import.meta.url), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    const states = told.map((_, last) =>
      taught(...told.slice(0, last + 1).map(([name, data]) => event(name, data)))
    )
    expect(states.map(({ profile }) => profile)).toEqual([
      { ...ana, pictureUrl: "https://pps.whatsapp.net/v/ana.jpg" },
      nobody,
      nobody,
      { ...nobody, phone: "5511900000002" }
    ])
  })

  it.each([
    // A failed lookup: EvolutionAPI/evolution-api#677, #756.
    ["an open without a picture", update("open", { profilePictureUrl: null })],
    [
      "an open of the same phone without a picture",
      update("open", { wuid: `${ana.phone}:7@s.whatsapp.net`, profilePictureUrl: null })
    ],
    ["a connecting", update("connecting")],
    ["a lost connection", update("close", { statusReason: 428 })],
    ["a list of the same id", listed("a")],
    ["a list without a picture", listed("a", { profile: { ...ana, pictureUrl: null } })],
    ["a list without a name", listed("a", { profile: { ...ana, name: null } })]
  ])("after %s the profile is as before", (_, next) => {
    expect(taught(open, listed("a"), next).profile).toEqual(ana)
  })

  it("a new instance is known by its id, and a deleted one is not", () => {
    const created = event("instance.create", identity("b"))
    expect(taught(listed("a"), created).evolution).toMatchObject({ id: "b", createdAt: null })
    const facts = { integration: "EVOLUTION", createdAt: "2026-11-23T16:41:17.884Z" }
    const known = taught(listed("b", facts))
    expect(known.evolution).toEqual({
      id: "b",
      integration: "EVOLUTION",
      createdAt: DateTime.unsafeMake(facts.createdAt)
    })
    expect(observe(known, created).evolution).toBe(known.evolution)
    expect(observe(known, event("remove.instance", null)).evolution).toBeNull()
  })
})

describe("An instance", () => {
  const minute = 60_000
  const actionAt = (now: number, ...events: ReadonlyArray<ReturnType<typeof event>>) => {
    const at = DateTime.unsafeMake(0)
    const name = InstanceName.make("loja-1")
    const record = { ...taught(...events), name, desired: "listening", desiredAt: at } as const
    const listener = State.listening(State.stopped(at), at)
    const gaps = { open: null, unrecovered: 0 }
    const facts = { listener, gaps, degraded: null, lastEvent: null, ignoredEvents: 0 }
    return statusOf(record, facts, DateTime.unsafeMake(now)).userAction
  }
  const connecting = (at: number) => update("connecting", {}, at)

  it.each([
    ["for a moment", minute, [connecting(0)], "wait"],
    // EvolutionAPI/evolution-api#1408, #1858, #2430, #2437
    [
      "again and again without a code",
      4 * minute,
      [0, 1, 2, 3].map((at) => connecting(at * minute)),
      "check_evolution_network"
    ],
    // EvolutionAPI/evolution-api#714, #756
    ["for long, after one event", 3 * minute, [connecting(0)], "check_evolution_network"],
    ["with a code", 10 * minute, [connecting(0), code(10 * minute - 1)], "scan_qr"],
    ["between two codes", 10 * minute, [connecting(0), code(9 * minute)], "wait"],
    [
      "for long after its last code",
      13 * minute,
      [connecting(0), code(9 * minute)],
      "check_evolution_network"
    ],
    [
      "again after it was open",
      10 * minute,
      [connecting(0), update("open", {}, minute), connecting(9 * minute)],
      "wait"
    ],
    // A link that comes and goes reaches WhatsApp: EvolutionAPI/evolution-api#550, #765.
    [
      "and open in turn",
      10 * minute,
      [0, 2, 4, 6, 8].flatMap((at) => [
        update("open", {}, at * minute),
        connecting((at + 1) * minute)
      ]),
      "wait"
    ]
  ] as const)("that is connecting %s has the right thing to do", (_, now, events, expected) => {
    expect(actionAt(now, ...events)).toBe(expected)
  })
})
