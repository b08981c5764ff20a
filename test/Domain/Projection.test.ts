import { describe, expect, it } from "@effect/vitest"
import { DateTime, Either } from "effect"
import { decode, type EventOrigin } from "../../src/Domain/Event.ts"
import { nothingObserved, type Observed } from "../../src/Domain/Instance.ts"
import { observe } from "../../src/Domain/Projection.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"

interface When {
  readonly at?: number
  readonly origin?: EventOrigin
  readonly instance?: string
}

const event = (
  name: string,
  data: unknown,
  { at = 0, instance = "shop-1", origin = "live" }: When = {}
) =>
  Either.getOrThrow(
    decode(
      { name, payload: { event: name, instance, data }, receivedAt: at },
      origin,
      Scrub.unconfigured
    )
  )

const update = (state: string, more: object = {}, when?: When) =>
  event("connection.update", { instance: "shop-1", state, statusReason: 200, ...more }, when)

const code = (text: string, when?: When) =>
  event("qrcode.updated", { qrcode: { code: text, base64: "data:", pairingCode: null } }, when)

const limit = (when?: When) =>
  event("qrcode.updated", { message: "QR code limit reached", statusCode: 500 }, when)

const closed = (reason: number | null, when?: When) =>
  event(
    "status.instance",
    { instance: "shop-1", status: "closed", disconnectionReasonCode: reason },
    when
  )

const identity = { instanceName: "shop-1", instanceId: "0a5f343e" }
const created = event("instance.create", identity)
const deleted = event("instance.delete", identity)
const removed = event("remove.instance", null)
const logout = event("logout.instance", null)

const taught = (...events: ReadonlyArray<ReturnType<typeof event>>): Observed =>
  events.reduce(observe, nothingObserved)

const told = ({ whatsapp }: Observed) => whatsapp && `${whatsapp.state} ${whatsapp.reason}`

const utc = DateTime.unsafeMake

describe("observe", () => {
  it.each([
    ["a creation", [created], "connecting null"],
    ["a code", [code("2@a")], "connecting null"],
    ["the QR limit", [limit()], "refused null"],
    ["the limit's own update", [update("refused", { statusReason: 428 })], "refused 428"],
    ["connecting", [update("connecting")], "connecting null"],
    ["open", [update("open")], "open null"],
    ["a ban", [update("close", { statusReason: 402 })], "close 402"],
    ["a close without a reason", [update("close", { statusReason: null })], "close null"],
    ["an unloaded instance", [update("unknown")], "unknown null"],
    ["an instance that is not there", [update("removed")], "removed null"],
    ["a closed instance", [closed(403)], "close 403"],
    ["a closed instance without a code", [closed(null)], "close null"],
    ["a logout", [logout], "close 401"],
    ["a deletion", [deleted], "removed null"],
    ["a removal", [removed], "removed null"],
    ["a message", [event("messages.upsert", {})], null],
    [
      "a logout's three events",
      [closed(401), logout, update("close", { statusReason: 401 })],
      "close 401"
    ],
    ["a recoverable drop", [update("open"), update("connecting"), update("open")], "open null"],
    ["a late close", [deleted, removed, update("close", { statusReason: 401 })], "removed null"],
    ["a late logout", [deleted, removed, closed(401), logout], "removed null"],
    ["a second life", [removed, created], "connecting null"],
    ["a new code after a logout", [logout, code("2@b")], "connecting null"]
  ])("learns the state from %s", (_, events, expected) => {
    expect(told(taught(...events))).toBe(expected)
  })

  it("records the time and the way a state reached us", () => {
    expect(taught(update("open", {}, { at: 7 })).whatsapp).toEqual({
      state: "open",
      reason: null,
      origin: "live",
      at: utc(7)
    })
    expect(taught(update("open", {}, { at: 8, origin: "snapshot" })).whatsapp).toMatchObject({
      origin: "snapshot",
      at: utc(8)
    })
  })

  it.each(["backfill", "import", "listener"] as const)(
    "changes no fact on a %s event",
    (origin) => {
      const known = taught(update("open"))
      expect(observe(known, update("close", {}, { at: 9, origin }))).toEqual(known)
    }
  )
})

describe("observe, of a snapshot", () => {
  const snapshot = (state: string, at: number, more: object = {}) =>
    update(state, more, { at, origin: "snapshot" })

  it("ignores a snapshot that was asked for before the latest live fact", () => {
    const known = taught(update("open", {}, { at: 10 }))
    expect(observe(known, snapshot("close", 9))).toEqual(known)
    expect(told(observe(known, snapshot("close", 11)))).toBe("close null")
  })

  it("replaces an earlier snapshot", () => {
    const known = taught(snapshot("connecting", 10))
    expect(told(observe(known, snapshot("open", 11)))).toBe("open null")
  })

  it("ignores a snapshot older than the latest live fact after a newer snapshot confirmed that fact", () => {
    const known = taught(update("open", {}, { at: 10 }), snapshot("open", 12))
    expect(told(observe(known, snapshot("close", 9)))).toBe("open null")
  })

  it("believes a snapshot that is much older than the latest fact, as the clock was set back", () => {
    const known = taught(update("open", {}, { at: Date.UTC(2026, 1, 1) }))
    expect(told(observe(known, snapshot("close", Date.UTC(2026, 0, 1))))).toBe("close null")
  })

  it("takes a snapshot 9 minutes older than the latest fact for outdated, and one 11 minutes older for a clock set back", () => {
    const minute = 60_000
    const known = taught(update("open", {}, { at: 20 * minute }))
    expect(told(observe(known, snapshot("close", 11 * minute)))).toBe("open null")
    expect(told(observe(known, snapshot("close", 9 * minute)))).toBe("close null")
  })

  it.each([
    ["the QR limit", [limit()], "refused null"],
    ["the limit's update", [update("refused", { statusReason: 428 })], "refused 428"],
    ["a logout", [logout], "close 401"],
    ["a ban", [closed(402)], "close 402"],
    ["an open link", [update("open")], "close null"],
    ["a removal", [removed], "close null"],
    ["nothing", [], "close null"]
  ])("says a bare close, which adds nothing to what is known better: %s", (_, before, expected) => {
    expect(told([...before, snapshot("close", 5)].reduce(observe, nothingObserved))).toBe(expected)
  })

  it("renews the time of a fact that a snapshot confirms", () => {
    const known = observe(taught(limit()), snapshot("close", 60_000))
    expect(known.whatsapp).toMatchObject({ state: "refused", origin: "snapshot", at: utc(60_000) })
  })

  it.each(["open", "connecting", "unknown", "removed"])(
    "believes a snapshot that says %s",
    (state) => {
      expect(told(observe(taught(limit()), snapshot(state, 5)))).toBe(`${state} null`)
    }
  )
})

describe("observe, of a QR code", () => {
  it("keeps a code for 45 seconds after it was received", () => {
    expect(taught(code("2@a", { at: 1_000 })).qr).toEqual({
      code: "2@a",
      base64: "data:",
      sequence: 1,
      pairingCode: null,
      receivedAt: utc(1_000),
      expiresAt: utc(46_000)
    })
  })

  it("replaces a code by the next one", () => {
    expect(taught(code("2@a"), code("2@b", { at: 45_000 })).qr).toMatchObject({
      code: "2@b",
      expiresAt: utc(90_000)
    })
  })

  it.each([
    ["connecting", update("connecting")],
    ["a message", event("messages.upsert", {})],
    ["a snapshot that it is connecting", update("connecting", {}, { at: 1, origin: "snapshot" })],
    ["a snapshot that knows no better", update("unknown", {}, { at: 1, origin: "snapshot" })]
  ])("keeps the code through %s", (_, next) => {
    expect(taught(code("2@a"), next).qr?.code).toBe("2@a")
  })

  it.each([
    ["a scan", update("open")],
    ["a close", update("close")],
    ["a refusal", update("refused")],
    ["the QR limit", limit()],
    ["a logout", logout],
    ["a closed instance", closed(401)],
    ["a deletion", deleted],
    ["a removal", removed],
    ["a second life", created],
    ["a snapshot that it is open", update("open", {}, { at: 1, origin: "snapshot" })],
    ["a snapshot that it is gone", update("removed", {}, { at: 1, origin: "snapshot" })]
  ])("drops the code on %s", (_, next) => {
    expect(taught(code("2@a"), next).qr).toBeNull()
  })
})

describe("observe, of a profile", () => {
  const wuid = "5511999990001@s.whatsapp.net"
  const open = update("open", { wuid, profileName: "Loja", profilePictureUrl: "https://p/1" })
  const loja = { phone: "5511999990001", name: "Loja", pictureUrl: "https://p/1" }

  it.each([
    ["as 2.2.1 and later send it", open, loja],
    [
      "with a device in the number",
      update("open", { wuid: "5511999990001:12@s.whatsapp.net" }),
      { phone: "5511999990001", name: null, pictureUrl: null }
    ],
    [
      "as older versions send it",
      update("open", { phone: { number: "5511999990001", name: "Loja" } }),
      { ...loja, pictureUrl: null }
    ],
    ["of nulls", update("open", { wuid: null, phone: null }), nothingObserved.profile]
  ])("reads one %s", (_, next, expected) => {
    expect(taught(next).profile).toEqual(expected)
  })

  it.each([
    ["a bare update", update("connecting")],
    [
      "an update of nulls",
      update("open", { wuid: null, profileName: null, profilePictureUrl: null })
    ],
    ["an empty number", update("open", { wuid: "" })],
    ["a lost connection", update("close", { statusReason: 428 })]
  ])("keeps the profile through %s", (_, next) => {
    expect(taught(open, next).profile).toEqual(loja)
  })

  it("changes only what an update names", () => {
    expect(taught(open, update("open", { profileName: "Outra" })).profile).toEqual({
      ...loja,
      name: "Outra"
    })
  })

  it("forgets the profile when a new instance takes the name", () => {
    expect(taught(open, removed, created).profile).toEqual(nothingObserved.profile)
  })
})
