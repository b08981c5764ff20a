import { describe, expect, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import { InstanceName, type InstanceRecord } from "../../../src/Domain/Instance.ts"
import { DialFailed, HeartbeatMissed } from "../../../src/Domain/LinkError.ts"
import * as State from "../../../src/Domain/ListenerState.ts"
import { noCode } from "../../../src/Domain/Pairing.ts"
import { InstanceStatus, type Listening, statusOf } from "../../../src/Domain/Status.ts"
import { troublesOf } from "../../../src/Http/Pages/errors.js"
import {
  actionsFor,
  gapsOf,
  initials,
  linkOf,
  noCodeOf,
  toDoOf,
  wantedOf,
  whatsappOf
} from "../../../src/Http/Pages/status.js"

const name = InstanceName.make("loja")
const began = DateTime.unsafeMake(0)
const later = DateTime.unsafeMake(90_000)
const listening = State.listening(State.connecting(State.stopped(began), began), began)

const record: InstanceRecord = {
  name,
  desired: "listening",
  desiredAt: began,
  whatsapp: null,
  profile: { phone: null, name: null, pictureUrl: null },
  qr: null,
  qrSequence: 0
}

/** A status as it crosses HTTP. */
const status = (known: Partial<InstanceRecord> = {}, link: Partial<Listening> = {}) =>
  Schema.encodeSync(InstanceStatus)(
    statusOf(
      { ...record, ...known },
      {
        listener: listening,
        gaps: { open: null, unrecovered: 0 },
        degraded: null,
        lastEvent: null,
        ...link
      },
      later
    )
  )

const whatsapp = (
  state: NonNullable<InstanceRecord["whatsapp"]>["state"],
  reason: number | null = null
) => ({ whatsapp: { state, reason, origin: "live" as const, at: began } })

const qr = {
  code: "2@code",
  base64: null,
  pairingCode: null,
  sequence: 3,
  receivedAt: DateTime.unsafeMake(60_000),
  expiresAt: DateTime.unsafeMake(105_000)
}

const error = HeartbeatMissed.of(45_000)
const waiting = State.waiting(listening, {
  since: later,
  nextAttempt: DateTime.unsafeMake(120_000),
  isFlapping: true,
  error
})
const parked = State.parked(listening, {
  since: later,
  nextAttempt: null,
  userAction: "check_api_key",
  error: DialFailed.of("ECONNREFUSED", "connect ECONNREFUSED")
})

/** When the answer came, by our clock. */
const at = 1_000_000

describe("the parts of a status", () => {
  it("have their ages as the service counted them, whatever our clock says", () => {
    expect(wantedOf(status(), at)).toEqual({ text: "Listen", tone: "good", since: at - 90_000 })
    expect(linkOf(status(), at)).toMatchObject({ text: "Listening", since: at - 90_000 })
    expect(whatsappOf(status(whatsapp("open")), at)).toMatchObject({ since: at - 90_000 })
  })

  it("say that nothing was heard of WhatsApp yet", () => {
    expect(whatsappOf(status(), at)).toEqual({ text: "No word yet", tone: "off", since: null })
  })

  it("say why the link is down, how often it was tried and when again", () => {
    expect(linkOf(status({}, { listener: waiting }), at)).toMatchObject({
      text: "Waiting",
      tone: "busy",
      detail: "Evolution sent no ping for 45000 ms · often lost lately",
      until: 120_000
    })
    const third = { ...waiting, attempt: 3, isFlapping: false } as typeof waiting // a later one
    expect(linkOf(status({}, { listener: third }), at).detail).toContain("attempt 3")
  })

  it("say that a parked link waits for a person", () => {
    const part = linkOf(status({}, { listener: parked }), at)
    expect(part).toMatchObject({ text: "Parked", tone: "bad" })
    expect(part.until).toBeUndefined()
    expect(toDoOf(status({}, { listener: parked })).text).toBe("Check EVOLUTION_API_KEY")
  })

  it("tell each of WhatsApp's states apart", () => {
    const states = ["open", "connecting", "close", "refused", "removed", "unknown"] as const
    const parts = states.map((state) => whatsappOf(status(whatsapp(state)), at))
    expect(parts.map(({ text }) => text)).toEqual([
      "Connected",
      "Connecting",
      "Disconnected",
      "QR limit reached",
      "Deleted",
      "Unknown"
    ])
    expect(parts.map(({ tone }) => tone)).toEqual(["good", "busy", "bad", "bad", "off", "off"])
  })

  it("give the reason of a disconnection, and none where 200 says that there is none", () => {
    expect(whatsappOf(status(whatsapp("close", 401)), at).detail).toBe("reason 401")
    expect(whatsappOf(status(whatsapp("connecting", 200)), at).detail).toBe("")
  })

  it("tell a gap that is open, and those that are not made good", () => {
    const open = {
      id: "0190c1a8-7a0e-7c3e-8e5f-1b2c3d4e5f60",
      instance: name,
      from: began,
      to: null,
      cause: "connection_lost" as const,
      recovered: null,
      fetched: 0,
      fetchedUntil: null,
      retryAt: null,
      note: null
    }
    expect(gapsOf(status())).toEqual({ text: "None", tone: "good", since: null })
    expect(gapsOf(status({}, { gaps: { open: null, unrecovered: 2 } }))).toMatchObject({
      text: "2 not recovered",
      tone: "busy"
    })
    expect(gapsOf(status({}, { gaps: { open, unrecovered: 1 } }))).toEqual({
      text: "Not hearing",
      tone: "bad",
      since: 0,
      detail: "The connection was lost · 1 not recovered"
    })
  })
})

describe("what there is to do", () => {
  it("is calm when there is nothing, and when somebody wants it so", () => {
    expect(toDoOf(status(whatsapp("open")))).toMatchObject({ text: "Nothing to do", tone: "good" })
    const stopped = status({ desired: "stopped" }, { listener: State.stopped(began) })
    expect(toDoOf(stopped)).toMatchObject({ text: "Nothing to do", tone: "off" })
  })

  it("asks a person where it takes one", () => {
    expect(toDoOf(status({ ...whatsapp("connecting"), qr }))).toMatchObject({
      text: "Scan the QR code",
      tone: "busy"
    })
    expect(toDoOf(status(whatsapp("refused")))).toMatchObject({ tone: "bad" })
    expect(toDoOf(status(whatsapp("close", 403))).text).toContain("Contact WhatsApp")
  })
})

describe("what can be pressed", () => {
  it("shows a code where there is one or may be one soon", () => {
    expect(actionsFor(status({ ...whatsapp("connecting"), qr }))).toMatchObject({
      toggle: "stop",
      restart: true,
      showQr: true,
      newQr: false,
      copyLink: true
    })
    expect(actionsFor(status()).showQr).toBe(true)
  })

  it("shows none to scan for a phone that is linked", () => {
    expect(actionsFor(status(whatsapp("open")))).toEqual({
      toggle: "stop",
      restart: true,
      showQr: false,
      newQr: false,
      copyLink: false,
      createAgain: false
    })
  })

  it("asks for a new code where none comes by itself", () => {
    for (const state of ["refused", "close"] as const)
      expect(actionsFor(status(whatsapp(state))), state).toMatchObject({
        showQr: false,
        newQr: true,
        copyLink: true
      })
  })

  it("creates again what was deleted", () => {
    expect(actionsFor(status(whatsapp("removed")))).toMatchObject({
      createAgain: true,
      copyLink: false
    })
  })

  it("only starts what is stopped", () => {
    const stopped = status({ desired: "stopped" }, { listener: State.stopped(began) })
    expect(actionsFor(stopped)).toEqual({
      toggle: "start",
      restart: false,
      showQr: false,
      newQr: false,
      copyLink: false,
      createAgain: false
    })
  })
})

describe("why there is no code", () => {
  it("is what the service would say", () => {
    const states = ["open", "connecting", "close", "refused", "removed", "unknown"] as const
    for (const listener of [listening, waiting, parked, State.stopped(began)])
      for (const known of [{}, ...states.map((state) => whatsapp(state))])
        expect(noCodeOf(status(known, { listener }))).toBe(
          noCode({ ...record, ...known }, listener)
        )
  })
})

describe("what went wrong lately", () => {
  const gap = {
    id: "0190c1a8-7a0e-7c3e-8e5f-1b2c3d4e5f60",
    instance: "loja",
    from: "2026-01-02T03:00:00.000Z",
    to: "2026-01-02T03:05:00.000Z",
    cause: "heartbeat_missed",
    recovered: true,
    fetched: 12,
    fetchedUntil: null,
    retryAt: null,
    note: null
  } as const

  it("is nothing as long as all is well", () => {
    expect(troublesOf(status(), [])).toEqual([])
  })

  it("begins with what keeps the link down now", () => {
    const [first] = troublesOf(status({}, { listener: waiting }), [gap])
    expect(first).toMatchObject({ title: "Our link", detail: error.message, tone: "bad" })
  })

  it("has each gap with its cause, its verdict, what was fetched and why not more", () => {
    const note = "Evolution stores no messages"
    const troubles = troublesOf(status(), [
      { ...gap, to: null, recovered: null, fetched: 0 },
      { ...gap, recovered: null, fetched: 1 },
      { ...gap, recovered: false, fetched: 0, note },
      gap
    ])
    expect(troubles.map(({ chip, tone }) => `${chip} ${tone}`)).toEqual([
      "Open bad",
      "Being looked into busy",
      "Not recovered bad",
      "Recovered good"
    ])
    expect(troubles.map(({ detail }) => detail)).toEqual([
      "",
      "1 message fetched again",
      note,
      "12 messages fetched again"
    ])
    expect(new Set(troubles.map(({ title }) => title))).toEqual(
      new Set(["The heartbeat was missed"])
    )
    expect(troubles[0]?.when).toMatch(/^since /)
    expect(troubles[3]?.when).toMatch(/ to /)
  })

  it("shows what it has no word for as it came", () => {
    const [trouble] = troublesOf(status(), [{ ...gap, cause: "struck_by_lightning" as never }])
    expect(trouble?.title).toBe("struck_by_lightning")
  })
})

describe("initials", () => {
  it("are the first letters of the first two words", () => {
    expect(initials("Loja do João")).toBe("LD")
    expect(initials("ana")).toBe("A")
    expect(initials("  loja-1_centro ")).toBe("L1")
  })

  it("are whole letters, whatever they are made of", () => {
    expect(initials("👩‍👩‍👧 família")).toBe("👩‍👩‍👧F")
    expect(initials("e\u0301lan")).toBe("E\u0301")
  })

  it("are none of a name that has no letters", () => {
    expect(initials("")).toBe("")
    expect(initials(" - ")).toBe("")
  })
})
