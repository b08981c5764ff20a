import { describe, expect, it } from "@effect/vitest"
import { DateTime } from "effect"
import { LicenseRequired } from "../../src/Domain/EvolutionError.ts"
import {
  InstanceName,
  type InstanceRecord,
  nothingObserved,
  type WhatsAppState
} from "../../src/Domain/Instance.ts"
import * as State from "../../src/Domain/ListenerState.ts"
import { NoCode, noCode, progressOf, words } from "../../src/Domain/Pairing.ts"

const utc = DateTime.unsafeMake
const connecting = State.connecting(State.stopped(utc(0)), utc(0))
const listening = State.listening(connecting, utc(0))
const parked = State.parked(connecting, {
  since: utc(0),
  nextAttempt: null,
  userAction: "activate_license",
  error: new LicenseRequired({ message: "no licence" })
})

const qr = {
  code: "2@code",
  base64: null,
  pairingCode: null,
  sequence: 1,
  receivedAt: utc(0),
  expiresAt: utc(45_000)
}

const record = (
  state: WhatsAppState | null,
  more: Partial<InstanceRecord> = {}
): InstanceRecord => ({
  ...nothingObserved,
  name: InstanceName.make("shop"),
  desired: "listening",
  desiredAt: utc(0),
  whatsapp: state && { state, reason: null, origin: "live", at: utc(0) },
  ...more
})

const progress = (of: InstanceRecord, listener: State.ListenerState = listening, now = 1000) =>
  progressOf(of, listener, utc(now))

describe("noCode", () => {
  it.each([
    ["open", "already_open"],
    ["refused", "limit_reached"],
    ["close", "closed"],
    ["removed", "removed"],
    ["connecting", "not_yet"],
    ["unknown", "not_yet"],
    [null, "not_yet"]
  ] as const)("says for a WhatsApp that is %s: %s", (state, reason) => {
    expect(noCode(record(state), listening)).toBe(reason)
    expect(noCode(record(state), connecting)).toBe(reason)
  })

  it("names a listener that does not listen before WhatsApp's state", () => {
    expect(noCode(record("open"), State.stopped(utc(0)))).toBe("listener_stopped")
    expect(noCode(record("open"), parked)).toBe("listener_parked")
  })

  it("has different words for each reason", () => {
    expect(Object.keys(words).sort()).toEqual([...NoCode.literals].sort())
    const texts = Object.values(words)
    expect(new Set(texts).size).toBe(texts.length)
    for (const text of texts) expect(text.length).toBeGreaterThan(10)
  })
})

describe("progressOf", () => {
  it("shows the code until it expires, and then waits for the next", () => {
    const shown = record("connecting", { qr })
    expect(progress(shown, listening, 44_999)).toEqual({ state: "scan", qr })
    expect(progress(shown, listening, 45_000)).toEqual({ state: "waiting" })
  })

  it("shows the number of a connected phone, and no code", () => {
    const profile = { phone: "5511999990000", name: null, pictureUrl: null }
    expect(progress(record("open", { qr, profile }))).toEqual({
      state: "connected",
      phone: "5511999990000"
    })
  })

  it("ends where no code will come", () => {
    for (const state of ["close", "refused", "removed"] as const)
      expect(progress(record(state)), state).toEqual({ state: "ended" })
    expect(progress(record(null), State.stopped(utc(0)))).toEqual({ state: "ended" })
    expect(progress(record(null), parked)).toEqual({ state: "ended" })
  })

  it("waits where a code may come", () => {
    expect(progress(record(null))).toEqual({ state: "waiting" })
    expect(progress(record("unknown"), connecting)).toEqual({ state: "waiting" })
  })
})
