import { describe, expect, it } from "@effect/vitest"
import { DateTime, Either, Schema } from "effect"
import {
  decode,
  type EventOrigin,
  type LoggedEvent,
  ofOurs,
  toLogged
} from "../../src/Domain/Event.ts"
import { closed, type Gap, type GapCause, opened } from "../../src/Domain/Gap.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as State from "../../src/Domain/ListenerState.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import { timelineOf } from "../../src/Domain/Timeline.ts"
import { jsonText } from "../support/jsonText.ts"

const name = InstanceName.make("shop")
const utc = DateTime.unsafeMake
const stretch = { from: utc(1000), to: utc(2000) }

const heard = (
  at: number,
  event: string,
  data: unknown,
  origin: EventOrigin = "live"
): LoggedEvent => ({
  ...Either.getOrThrow(
    decode(
      { name: event, payload: { event, instance: name, data }, receivedAt: at },
      origin,
      Scrub.unconfigured
    )
  ),
  id: at,
  server: "default"
})

const whatsapp = (at: number, state: string, statusReason = 200, origin?: EventOrigin) =>
  heard(at, "connection.update", { instance: name, state, statusReason }, origin)

const turned = (at: number, to: (from: State.ListenerState) => State.ListenerState) => {
  const state = to(State.stopped(utc(at)))
  const data = Schema.encodeSync(State.ListenerState)(state)
  return {
    ...ofOurs(
      { instance: name, event: "listener.updated", data, receivedAt: at },
      Scrub.unconfigured
    ),
    id: at,
    server: "default"
  }
}
const listening = (at: number) => turned(at, (from) => State.listening(from, utc(at)))
const stopped = (at: number) => turned(at, (from) => from)

const gap = (from: number, to: number | null, cause: GapCause): Gap => {
  const open = opened({
    id: "8b1ea8e2-0b4f-4d7e-9d3c-1a6f4a8f2a11",
    instance: name,
    from: utc(from),
    cause
  })
  return to === null ? open : closed(open, utc(to))
}

type Row = "listener" | "whatsapp"
const drawn = (row: Row, events: ReadonlyArray<LoggedEvent>, gaps: ReadonlyArray<Gap> = []) =>
  timelineOf(events, gaps, stretch)[row].map(
    ({ from, reason, state, to }) =>
      `${from.epochMillis}-${to.epochMillis} ${state}${reason === null ? "" : ` ${reason}`}`
  )

describe("a timeline", () => {
  it("is unknown from end to end without events", () => {
    expect(drawn("listener", [])).toEqual(["1000-2000 unknown"])
    expect(drawn("whatsapp", [])).toEqual(["1000-2000 unknown"])
  })

  it("has no hole between spans and begins with the earlier state", () => {
    const events = [listening(500), whatsapp(600, "open"), stopped(1500), listening(1700)]
    expect(drawn("listener", events)).toEqual([
      "1000-1500 Listening",
      "1500-1700 Stopped",
      "1700-2000 Listening"
    ])
    expect(drawn("whatsapp", events)).toEqual(["1000-2000 open"])
  })

  it("shows a storm of equal updates as one span", () => {
    const storm = Array.from({ length: 500 }, (_, index) => whatsapp(1100 + index, "connecting"))
    expect(drawn("whatsapp", storm)).toEqual(["1000-1100 unknown", "1100-2000 connecting"])
  })

  it("distinguishes a logout from a ban", () => {
    const events = [
      whatsapp(900, "open"),
      whatsapp(1200, "close", 401),
      whatsapp(1400, "close", 402)
    ]
    expect(drawn("whatsapp", events)).toEqual([
      "1000-1200 open",
      "1200-1400 close 401",
      "1400-2000 close 402"
    ])
  })

  it("places a snapshot at the time of the question, not of the logging", () => {
    const late = { ...whatsapp(1300, "close", 200, "snapshot"), id: 9999 }
    expect(drawn("whatsapp", [whatsapp(900, "open"), late])).toEqual([
      "1000-1300 open",
      "1300-2000 close"
    ])
  })

  it("shows unknown while the service did not run", () => {
    for (const cause of ["service_stopped", "service_crashed"] as const)
      expect(
        drawn("listener", [listening(500), listening(1800)], [gap(1600, 1800, cause)])
      ).toEqual(["1000-1600 Listening", "1600-1800 unknown", "1800-2000 Listening"])
  })

  it("keeps the link's state during a gap of another kind", () => {
    const gaps = [gap(1600, 1800, "queue_full")]
    expect(drawn("listener", [listening(500)], gaps)).toEqual(["1000-2000 Listening"])
    expect(timelineOf([], gaps, stretch).gaps).toEqual(gaps)
  })

  it("is the same from the log as from live events", () => {
    const shown = heard(1200, "qrcode.updated", { qrcode: { code: "2@secret" } })
    const { json, receivedAt, ...rest } = shown
    const record = {
      ...rest,
      data: JSON.parse(String(json)),
      receivedAt: utc(receivedAt),
      upstreamAt: null,
      extra: null
    }
    expect(json).not.toContain("secret")
    expect(drawn("whatsapp", [toLogged(record)])).toEqual(drawn("whatsapp", [shown]))
  })

  it("shows unknown for a state that another version wrote", () => {
    const strange = { ...listening(1500), json: jsonText('{"_tag":"Dozing"}') }
    expect(drawn("listener", [listening(500), strange])).toEqual([
      "1000-1500 Listening",
      "1500-2000 unknown"
    ])
  })

  it("leaves out the moments in which a listener was connecting", () => {
    const connecting = turned(1500, (from) => State.connecting(from, utc(1500)))
    expect(drawn("listener", [listening(500), connecting, stopped(1700)])).toEqual([
      "1000-1700 Listening",
      "1700-2000 Stopped"
    ])
  })

  it("ignores events after its end", () => {
    expect(drawn("listener", [listening(500), stopped(2000)])).toEqual(["1000-2000 Listening"])
  })
})
