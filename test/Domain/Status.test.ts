import { describe, expect, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import { type GapCause, opened } from "../../src/Domain/Gap.ts"
import {
  InstanceName,
  type InstanceRecord,
  type LastEvent,
  nothingObserved,
  type Qr,
  type WhatsAppState
} from "../../src/Domain/Instance.ts"
import { HeartbeatMissed, UpgradeRefused } from "../../src/Domain/LinkError.ts"
import {
  Connecting,
  type ListenerState,
  Listening,
  Parked,
  ParkReason,
  Stopped,
  Waiting
} from "../../src/Domain/ListenerState.ts"
import { defaultServer } from "../../src/Domain/Server.ts"
import { codeOf, InstanceStatus, statusOf, type UserAction } from "../../src/Domain/Status.ts"

const utc = DateTime.unsafeMake
const since = utc(0)
const now = utc(60_000)

const qr: Qr = {
  code: "2@a",
  base64: null,
  pairingCode: null,
  sequence: 1,
  receivedAt: utc(30_000),
  expiresAt: utc(75_000)
}

const record = (known: Partial<InstanceRecord> = {}): InstanceRecord => ({
  ...nothingObserved,
  name: InstanceName.make("shop-1"),
  desired: "listening",
  desiredAt: since,
  ...known
})

const whatsapp = (state: WhatsAppState, reason: number | null = null) => ({
  state,
  reason,
  origin: "live" as const,
  at: since
})

const listening = Listening.make({ since, attempt: 1, generation: 1 })
const error = HeartbeatMissed.of(45_000)

/** Of an instance that has no gaps, in a service that can write. */
const allWell = {
  gaps: { open: null, unrecovered: 0 },
  degraded: null,
  lastEvent: null,
  ignoredEvents: 0
}
const tell = (known: InstanceRecord, listener: ListenerState, lastEvent: LastEvent | null = null) =>
  statusOf(known, { ...allWell, listener, lastEvent }, now)

const parked = (userAction: ParkReason) =>
  Parked.make({
    since,
    attempt: 3,
    generation: 3,
    nextAttempt: null,
    userAction,
    error: UpgradeRefused.of(400, "Invalid global token")
  })

const everyState: ReadonlyArray<InstanceRecord["whatsapp"]> = [
  null,
  whatsapp("open"),
  whatsapp("connecting"),
  whatsapp("close", 401),
  whatsapp("close", 403),
  whatsapp("refused"),
  whatsapp("removed"),
  whatsapp("unknown")
]

const linkDown: ReadonlyArray<{ listener: ListenerState; action: UserAction }> = [
  { listener: Stopped.make({ since }), action: "none" },
  { listener: Connecting.make({ since, attempt: 1, generation: 1, error: null }), action: "wait" },
  { listener: Connecting.make({ since, attempt: 2, generation: 2, error }), action: "wait" },
  {
    listener: Waiting.make({
      since,
      attempt: 1,
      generation: 1,
      nextAttempt: now,
      isFlapping: false,
      error
    }),
    action: "wait"
  },
  ...ParkReason.literals.map((action) => ({ listener: parked(action), action }))
]

describe("userAction", () => {
  it("is about Evolution while the link is up and brings no events, whatever WhatsApp's state is", () => {
    const actionOf = (cause: GapCause) => {
      const name = InstanceName.make("shop-1")
      const id = "3f2f8f70-6d2b-4a35-9b39-1d1b7b3a9c11"
      const gaps = { open: opened({ id, instance: name, from: since, cause }), unrecovered: 0 }
      const known = record({ whatsapp: whatsapp("open") })
      return statusOf(known, { ...allWell, listener: listening, gaps }, now).userAction
    }
    expect(actionOf("not_broadcast")).toBe("enable_global_events")
    expect(actionOf("not_emitted")).toBe("restart_evolution")
    expect(actionOf("not_subscribed")).toBe("none")
  })

  it.each(linkDown)(
    "of $listener._tag is $action, whatever was last said",
    ({ action, listener }) => {
      for (const known of everyState)
        for (const code of [null, qr]) {
          const { userAction } = tell(record({ whatsapp: known, qr: code }), listener)
          expect(userAction).toBe(action)
        }
    }
  )

  it.each<readonly [string, UserAction, Partial<InstanceRecord>]>([
    ["nothing is known", "wait", {}],
    ["WhatsApp is open", "none", { whatsapp: whatsapp("open") }],
    ["there is a code", "scan_qr", { whatsapp: whatsapp("connecting"), qr }],
    ["it connects without a code", "wait", { whatsapp: whatsapp("connecting") }],
    [
      "the code has expired",
      "wait",
      { whatsapp: whatsapp("connecting"), qr: { ...qr, expiresAt: now } }
    ],
    ["the QR limit is reached", "request_qr", { whatsapp: whatsapp("refused", 428) }],
    ["it was logged out", "request_qr", { whatsapp: whatsapp("close", 401) }],
    ["it was closed without a reason", "request_qr", { whatsapp: whatsapp("close") }],
    ["it was banned for a time", "contact_whatsapp", { whatsapp: whatsapp("close", 402) }],
    ["the device was locked", "contact_whatsapp", { whatsapp: whatsapp("close", 403) }],
    ["it was banned", "contact_whatsapp", { whatsapp: whatsapp("close", 406) }],
    ["it was deleted", "recreate_instance", { whatsapp: whatsapp("removed") }],
    ["Evolution has not loaded it", "wait", { whatsapp: whatsapp("unknown") }]
  ])("while we listen and %s is %s", (_, expected, known) => {
    expect(tell(record(known), listening).userAction).toBe(expected)
  })
})

describe("an instance that connects without a code", () => {
  it.each<readonly [string, UserAction, Partial<InstanceRecord>]>([
    ["for less than three minutes", "wait", { connectingSince: utc(-119_999) }],
    ["for three minutes", "check_evolution_network", { connectingSince: utc(-120_000) }],
    ["for an unknown time", "wait", { connectingSince: null }],
    ["for long, until it shows one", "scan_qr", { connectingSince: utc(-120_000), qr }]
  ])("%s is %s", (_, expected, known) => {
    const { userAction } = tell(record({ whatsapp: whatsapp("connecting"), ...known }), listening)
    expect(userAction).toBe(expected)
  })
})

describe("statusOf", () => {
  it("gives the age of each fact in whole seconds", () => {
    const status = tell(
      record({
        desiredAt: utc(1),
        whatsapp: { ...whatsapp("open"), at: utc(30_001) }
      }),
      Listening.make({ since: utc(58_000), attempt: 0, generation: 1 }),
      { event: "call", at: utc(59_999) }
    )
    expect(status).toMatchObject({
      desired: { state: "listening", since: utc(1), ageSeconds: 59 },
      listener: { state: { _tag: "Listening" }, ageSeconds: 2 },
      whatsapp: { state: "open", ageSeconds: 29 },
      lastEvent: { event: "call", ageSeconds: 0 }
    })
  })

  it("gives no negative age for a fact from a clock that is ahead", () => {
    const ahead = utc(61_500)
    const status = tell(
      record({ desiredAt: ahead, whatsapp: { ...whatsapp("open"), at: ahead } }),
      Stopped.make({ since: ahead })
    )
    expect([
      status.desired.ageSeconds,
      status.listener.ageSeconds,
      status.whatsapp?.ageSeconds
    ]).toEqual([0, 0, 0])
  })

  it.each([
    ["a code that lasts", qr, qr.expiresAt],
    ["a code's last millisecond", { ...qr, expiresAt: utc(60_001) }, utc(60_001)],
    ["a code that ends now", { ...qr, expiresAt: now }, null],
    ["no code", null, null]
  ])("gives the expiry of %s", (_, code, expected) => {
    const known = record({ whatsapp: whatsapp("connecting"), qr: code })
    expect(tell(known, listening).qrExpiresAt).toEqual(expected)
  })

  it.each(linkDown)(
    "gives a code while $listener._tag only if a newer one would be known",
    ({ listener }) => {
      const known = record({ whatsapp: whatsapp("connecting"), qr })
      const expected = ["Stopped", "Parked"].includes(listener._tag) ? null : qr
      expect(codeOf(known, listener, now)).toBe(expected)
      expect(tell(known, listener).qrExpiresAt).toBe(expected?.expiresAt ?? null)
    }
  )

  it("encodes to JSON and back, and holds no code", () => {
    const known = record({ whatsapp: whatsapp("connecting"), qr })
    for (const listener of [listening, ...linkDown.map((row) => row.listener)]) {
      const encoded = Schema.encodeSync(InstanceStatus)({
        ...tell(known, listener),
        server: defaultServer
      })
      expect(encoded.listener.state._tag).toBe(listener._tag)
      expect(JSON.stringify(encoded)).not.toContain(qr.code)
    }
  })

  it("encodes gaps and degradation to JSON and back", () => {
    const gap = opened({
      id: "0b9a1f0e-6c1e-4d0c-9d4e-3f6b7a8c9d0e",
      instance: record().name,
      from: since,
      cause: "connection_lost"
    })
    const degraded = { reason: "queue_full", since, message: "Too much waits" } as const
    const gaps = { open: gap, unrecovered: 2 }
    const facts = { ...allWell, listener: listening, gaps, degraded }
    const status = { ...statusOf(record(), facts, now), server: defaultServer }
    expect(status).toMatchObject({ gaps, degraded, userAction: "wait" })
    const json = Schema.parseJson(InstanceStatus)
    expect(Schema.decodeSync(json)(Schema.encodeSync(json)(status))).toEqual(status)
  })

  it("gives null for unknown facts", () => {
    expect(tell(record({ desired: "stopped" }), listening)).toMatchObject({
      desired: { state: "stopped" },
      whatsapp: null,
      lastEvent: null,
      qrExpiresAt: null,
      profile: { phone: null, name: null, pictureUrl: null }
    })
  })
})
