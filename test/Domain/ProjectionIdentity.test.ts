import { describe, expect, it } from "@effect/vitest"
import { DateTime, Either } from "effect"
import { decode } from "../../src/Domain/Event.ts"
import { InstanceName, nothingObserved, type Observed } from "../../src/Domain/Instance.ts"
import { merged, observe, project } from "../../src/Domain/Projection.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"

const utc = DateTime.unsafeMake

const event = (name: string, data: unknown, at = 0, origin: "live" | "snapshot" = "live") =>
  Either.getOrThrow(
    decode(
      { name, payload: { event: name, instance: "shop-1", data }, receivedAt: at },
      origin,
      Scrub.unconfigured
    )
  )

/** A row of Evolution's list. */
const row = (more: object = {}) =>
  event(
    "instance.updated",
    { instanceId: "a", integration: null, createdAt: null, ...more },
    1,
    "snapshot"
  )

const update = (state: string, more: object = {}, at = 0) =>
  event("connection.update", { state, statusReason: 200, ...more }, at)
const code = (at = 0) => event("qrcode.updated", { qrcode: { code: "2@a" } }, at)
const created = (instanceId: string) =>
  event("instance.create", { instanceName: "shop-1", instanceId })

const taught = (...events: ReadonlyArray<ReturnType<typeof event>>): Observed =>
  events.reduce(observe, nothingObserved)

const loja = { phone: "5511999990001", name: "Loja", pictureUrl: "https://p/1" }
const open = update("open", {
  wuid: "5511999990001@s.whatsapp.net",
  profileName: "Loja",
  profilePictureUrl: "https://p/1"
})
const dated = { integration: "WHATSAPP-BAILEYS", createdAt: "2026-01-02T00:00:00.000Z" }
const identity = {
  id: "a",
  integration: "WHATSAPP-BAILEYS",
  createdAt: utc("2026-01-02T00:00:00.000Z")
}

describe("the identity of an instance at Evolution", () => {
  it.each<readonly [string, ReadonlyArray<ReturnType<typeof event>>, Observed["evolution"]]>([
    ["a row", [row(dated)], identity],
    [
      "a row with a time that is none",
      [row({ createdAt: "soon" })],
      { ...identity, integration: null, createdAt: null }
    ],
    ["a creation", [created("a")], { id: "a", integration: null, createdAt: null }],
    ["a creation that repeats it", [row(dated), created("a")], identity],
    ["a row that tells less", [row(dated), row()], identity],
    [
      "rows that tell a part each",
      [row({ integration: dated.integration }), row({ createdAt: dated.createdAt })],
      identity
    ],
    [
      "a row with another integration",
      [row({ ...dated, integration: "EVOLUTION" }), row(dated)],
      identity
    ],
    [
      "another row",
      [row(dated), row({ instanceId: "b" })],
      { id: "b", integration: null, createdAt: null }
    ],
    [
      "a deletion",
      [row(dated), event("instance.delete", { instanceName: "shop-1", instanceId: "a" })],
      null
    ],
    ["a removal", [row(dated), event("remove.instance", null)], null],
    [
      "a snapshot that it is gone",
      [row(dated), event("connection.update", { state: "removed" }, 2, "snapshot")],
      null
    ]
  ])("is told by %s", (_, events, expected) => {
    expect(taught(...events).evolution).toEqual(expected)
  })

  it("is a change that is written once", () => {
    const shop = {
      ...nothingObserved,
      name: InstanceName.make("shop-1"),
      desired: "listening" as const,
      desiredAt: utc(0)
    }
    const [first] = project(() => shop, [row(dated)])
    expect(first).toMatchObject({ evolutionChanged: true, qrChanged: false })
    const known = { ...shop, ...first?.observed }
    expect(project(() => known, [row(dated), row()])).toEqual([])
    const profile = { phone: "55", name: null, pictureUrl: null }
    expect(project(() => known, [row({ ...dated, profile })])).toMatchObject([
      { evolutionChanged: false, qrChanged: false, observed: { profile } }
    ])
  })

  it("keeps the state, the code and the profile of the instance that had no identity yet", () => {
    const before = taught(code(), row())
    expect(before).toMatchObject({ whatsapp: { state: "connecting" }, qr: { code: "2@a" } })
    expect(taught(open, row()).profile).toEqual(loja)
  })

  it("brings no state, code or profile over from the instance that had the name before", () => {
    const other = { ...nothingObserved, evolution: { ...identity, id: "b" } }
    const now = taught(row(dated), code(), open, row({ ...dated, instanceId: "b" }))
    expect({ ...now, qrSequence: 0 }).toEqual(other)
  })
})

describe("the profile in a row", () => {
  it.each([
    ["is kept where the row leaves it out", row(), loja],
    ["is gone where no phone is linked", row({ profile: null }), nothingObserved.profile],
    [
      "keeps the fields that the row does not know",
      row({ profile: { phone: loja.phone, name: "Outra", pictureUrl: null } }),
      { ...loja, name: "Outra" }
    ],
    [
      "keeps nothing of another phone",
      row({ profile: { phone: "5511999990002", name: null, pictureUrl: null } }),
      { phone: "5511999990002", name: null, pictureUrl: null }
    ]
  ])("%s", (_, next, expected) => {
    expect(taught(open, next).profile).toEqual(expected)
  })

  it.each([
    ["a logout", event("logout.instance", null)],
    ["the close of a logout", update("close", { statusReason: 401 })],
    ["a code, which WhatsApp shows only where no phone is linked", code()],
    ["a removal", event("remove.instance", null)],
    ["a snapshot that it is gone", update("removed")]
  ])("ends with %s", (_, next) => {
    expect(taught(open, next).profile).toEqual(nothingObserved.profile)
  })

  it("is the same value while nothing else is told, and else another one", () => {
    const nothing = { phone: null, name: null, pictureUrl: null }
    for (const told of [nothing, loja, { ...nothing, name: loja.name }])
      expect(merged(loja, told)).toBe(loja)
    expect(merged(loja, { ...nothing, pictureUrl: "https://p/2" })).toEqual({
      ...loja,
      pictureUrl: "https://p/2"
    })
    expect(merged(loja, { ...nothing, name: "Outra" })).toEqual({ ...loja, name: "Outra" })
  })

  it("keeps what was known before its phone was", () => {
    expect(merged({ ...loja, phone: null }, { phone: "55", name: null, pictureUrl: null })).toEqual(
      { ...loja, phone: "55" }
    )
  })

  it("is kept while the instance connects, whatever the last reason was", () => {
    expect(taught(open, update("connecting", { statusReason: 401 })).profile).toEqual(loja)
  })
})

describe("the time since when an instance connects without a code", () => {
  it.each<readonly [string, ReadonlyArray<ReturnType<typeof event>>, number | null]>([
    ["begins with the first statement", [update("connecting", {}, 5)], 5],
    [
      "goes on with each further one",
      [update("connecting", {}, 5), update("connecting", {}, 9)],
      5
    ],
    ["begins anew with a code", [update("connecting", {}, 5), code(9)], 9],
    ["goes on after a code", [code(5), update("connecting", {}, 9)], 5],
    ["ends with another state", [update("connecting", {}, 5), update("open", {}, 9)], null],
    ["begins anew after another state", [update("close", {}, 5), update("connecting", {}, 9)], 9]
  ])("%s", (_, events, expected) => {
    const since = taught(...events).connectingSince
    expect(since && DateTime.toEpochMillis(since)).toBe(expected)
  })

  it("begins with the next statement where an earlier version did not write it down", () => {
    const known = { ...taught(update("connecting", {}, 5)), connectingSince: null }
    expect(observe(known, update("connecting", {}, 9)).connectingSince).toEqual(utc(9))
  })
})
