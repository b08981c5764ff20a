import { describe, expect, it } from "@effect/vitest"
import * as State from "../../../src/Domain/ListenerState.ts"
import { noCode } from "../../../src/Domain/Pairing.ts"
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
import {
  at,
  began,
  listening,
  name,
  parked,
  qr,
  record,
  status,
  waiting,
  whatsapp
} from "./statuses.ts"

describe("the parts of a status", () => {
  it("take ages from the service, independently of our clock", () => {
    expect(wantedOf(status(), at)).toEqual({ text: "Listen", tone: "good", since: at - 90_000 })
    expect(linkOf(status(), at)).toMatchObject({ text: "Listening", since: at - 90_000 })
    expect(whatsappOf(status(whatsapp("open")), at)).toMatchObject({ since: at - 90_000 })
  })

  it("say that nobody listens to an instance, and how much was not logged", () => {
    const off = { desired: "unset" } as const
    expect(wantedOf(status(off), at)).toEqual({
      text: "Not listened to",
      tone: "off",
      since: at - 90_000
    })
    expect(wantedOf(status(off, { ignoredEvents: 1 }), at).detail).toBe("1 event not logged")
    expect(wantedOf(status(off, { ignoredEvents: 1200 }), at).detail).toBe(
      "1,200 events not logged"
    )
    expect(wantedOf(status({}, { ignoredEvents: 7 }), at).detail).toBeUndefined()
    expect(actionsFor(status(off))).toMatchObject({ toggle: "start", restart: false })
    const stopped = { listener: State.stopped(began) }
    expect(toDoOf(status(off, stopped))).toMatchObject({ text: "Nothing to do", tone: "off" })
  })

  it("say that there is no word of WhatsApp yet", () => {
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

  it("have different words for each of WhatsApp's states", () => {
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
      clockOffset: null,
      retryAt: null,
      note: null,
      reason: null,
      limit: null
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

describe("the next action", () => {
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

describe("the buttons of an instance", () => {
  it("show a code if there is one or may be one soon", () => {
    expect(actionsFor(status({ ...whatsapp("connecting"), qr }))).toMatchObject({
      toggle: "stop",
      restart: true,
      showQr: true,
      newQr: false,
      copyLink: true
    })
    expect(actionsFor(status()).showQr).toBe(true)
  })

  it("show no code for a linked phone", () => {
    expect(actionsFor(status(whatsapp("open")))).toEqual({
      toggle: "stop",
      restart: true,
      showQr: false,
      newQr: false,
      copyLink: false,
      createAgain: false
    })
  })

  it("ask for a new code where none comes by itself", () => {
    for (const state of ["refused", "close"] as const)
      expect(actionsFor(status(whatsapp(state))), state).toMatchObject({
        showQr: false,
        newQr: true,
        copyLink: true
      })
  })

  it("include one that creates a deleted instance again", () => {
    expect(actionsFor(status(whatsapp("removed")))).toMatchObject({
      createAgain: true,
      copyLink: false
    })
  })

  it("include only the start of a stopped instance", () => {
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

describe("the reason for a missing code", () => {
  it("is the one that the service gives", () => {
    const states = ["open", "connecting", "close", "refused", "removed", "unknown"] as const
    for (const listener of [listening, waiting, parked, State.stopped(began)])
      for (const known of [{}, ...states.map((state) => whatsapp(state))])
        expect(noCodeOf(status(known, { listener }))).toBe(
          noCode({ ...record, ...known }, listener)
        )
  })
})

describe("initials", () => {
  it("are the first letters of the first two words", () => {
    expect(initials("Loja do João")).toBe("LD")
    expect(initials("ana")).toBe("A")
    expect(initials("  loja-1_centro ")).toBe("L1")
  })

  it("are whole letters, also of several code points", () => {
    expect(initials("👩‍👩‍👧 família")).toBe("👩‍👩‍👧F")
    expect(initials("e\u0301lan")).toBe("E\u0301")
  })

  it("are none of a name that has no letters", () => {
    expect(initials("")).toBe("")
    expect(initials(" - ")).toBe("")
  })
})
