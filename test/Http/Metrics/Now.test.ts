import { describe, expect, it } from "@effect/vitest"
import { Duration } from "effect"
import { unproven } from "../../../src/Domain/Summary.ts"
import { families, type Moment, ofServers, perInstance } from "../../../src/Http/Metrics/Now.ts"
import { render } from "../../../src/Http/Metrics/Text.ts"
import { parse, sampleOf } from "../../support/Exposition.ts"
import { type Facts, nothingWaits, now, states, status } from "./statuses.ts"

const moment = (
  instances: Readonly<Record<string, Facts>>,
  more: Partial<Moment> = {}
): Moment => ({
  now,
  statuses: Object.entries(instances).map(([name, facts]) => status(name, facts)),
  depth: nothingWaits,
  degraded: null,
  offsets: { evolution: null, whatsapp: null },
  events: unproven(now),
  ...more
})

const read = (at: Moment) => {
  const found = parse(render(families(at)))
  return (name: string, labels: Readonly<Record<string, string>> = {}) =>
    sampleOf(found, `evolution_listener_${name}`, labels)
}

describe("Gauges of the current moment", () => {
  it("count the listeners in every state, zero included", () => {
    const none = read(moment({}))
    for (const state of Object.keys(states)) expect(none("listeners", { state })).toBe(0)
    const value = read(
      moment({
        a: { listener: "stopped" },
        b: { listener: "parked" },
        c: { listener: "flapping" },
        d: { listener: "waiting" },
        e: { listener: "connecting" },
        f: {},
        g: {}
      })
    )
    const numbers = Object.keys(states).map((state) => value("listeners", { state }))
    expect(numbers).toEqual([1, 1, 2, 1, 1, 1])
  })

  it("count instances by WhatsApp state and by user action", () => {
    const value = read(
      moment({
        a: { whatsapp: "open" },
        b: { whatsapp: "close" },
        c: {},
        d: { listener: "parked", whatsapp: "open" }
      })
    )
    expect(value("whatsapp_instances", { state: "open" })).toBe(2)
    expect(value("whatsapp_instances", { state: "close" })).toBe(1)
    expect(value("whatsapp_instances", { state: "unknown" })).toBe(1)
    expect(value("user_actions", { action: "check_api_key" })).toBe(1)
    expect(value("user_actions", { action: "request_qr" })).toBe(1)
    expect(value("user_actions", { action: "scan_qr" })).toBe(0)
  })

  it("show the age of the last event, and no sample before the first event", () => {
    expect(read(moment({ a: {} }))("last_event_age_seconds")).toBeUndefined()
    const value = read(moment({ a: { lastEvent: 90 }, b: { lastEvent: 7 }, c: {} }))
    expect(value("last_event_age_seconds")).toBe(7)
  })

  it("show the longest silence among listening instances that are connected to WhatsApp", () => {
    const value = read(
      moment({
        a: { whatsapp: "open", lastEvent: 90 },
        b: { whatsapp: "open", lastEvent: 40 },
        // These two have a reason to be silent.
        c: { whatsapp: "close", lastEvent: 500 },
        d: { whatsapp: "open", lastEvent: 500, listener: "waiting" }
      })
    )
    expect(value("longest_silence_seconds")).toBe(90)
    // This link has been up for 600 s: an older event does not lengthen its silence.
    expect(read(moment({ a: { whatsapp: "open" } }))("longest_silence_seconds")).toBe(600)
    const old = moment({ a: { whatsapp: "open", lastEvent: 9000 } })
    expect(read(old)("longest_silence_seconds")).toBe(600)
    expect(read(moment({}))("longest_silence_seconds")).toBe(0)
  })

  it("count open gaps by cause, unrecovered gaps, and the age of the oldest open gap", () => {
    const value = read(
      moment({
        a: { gap: ["connection_lost", 30] },
        b: { gap: ["connection_lost", 300] },
        c: { gap: ["key_refused", 10], unrecovered: 2 },
        d: { unrecovered: 1 }
      })
    )
    expect(value("gaps_open", { cause: "connection_lost" })).toBe(2)
    expect(value("gaps_open", { cause: "key_refused" })).toBe(1)
    expect(value("gaps_open", { cause: "queue_full" })).toBe(0)
    expect(value("oldest_open_gap_seconds")).toBe(300)
    expect(value("gaps_unrecovered")).toBe(3)
    expect(read(moment({}))("oldest_open_gap_seconds")).toBe(0)
  })

  it("show the depth of the queue and the reason of a degraded service", () => {
    const depth = { events: 12, bytes: 3456, age: Duration.millis(1500) }
    const degraded = { reason: "database_full", since: now, message: "" } as const
    const value = read(moment({}, { depth, degraded }))
    expect(value("queue_events")).toBe(12)
    expect(value("queue_bytes")).toBe(3456)
    expect(value("queue_age_seconds")).toBe(1.5)
    expect(value("degraded", { reason: "database_full" })).toBe(1)
    expect(value("degraded", { reason: "queue_full" })).toBe(0)
  })

  it("name no instance", () => {
    const names = { "shop-of-a-customer": { whatsapp: "open", gap: ["queue_full", 1] } } as const
    expect(render(families(moment(names)))).not.toContain("customer")
  })
})

describe("Gauges of each instance", () => {
  it("show its states, ages and gaps under its name", () => {
    const found = parse(
      render(
        perInstance(
          moment({
            a: { whatsapp: "open", lastEvent: 5 },
            b: { listener: "flapping", gap: ["heartbeat_missed", 60] }
          })
        )
      )
    )
    const of = (name: string, labels: Readonly<Record<string, string>>) =>
      sampleOf(found, `evolution_listener_instance_${name}`, labels)
    expect(of("listener_state", { instance_name: "a", state: "listening" })).toBe(1)
    expect(of("listener_state", { instance_name: "b", state: "flapping" })).toBe(1)
    expect(of("whatsapp_state", { instance_name: "a", state: "open" })).toBe(1)
    expect(of("last_event_age_seconds", { instance_name: "a" })).toBe(5)
    expect(of("last_event_age_seconds", { instance_name: "b" })).toBeUndefined()
    expect(of("open_gap_seconds", { instance_name: "b", cause: "heartbeat_missed" })).toBe(60)
    const lines = [...found.values()].flatMap(({ samples }) => samples)
    expect(lines).toHaveLength(5)
  })
})

describe("Gauges of several servers", () => {
  it("have each sample with its server, and say which one is bad", () => {
    const text = render(
      ofServers(
        [
          ["eu", families(moment({ a: {}, b: {} }))],
          [
            "br",
            families(
              moment({ a: { listener: "parked" } }, { depth: { ...nothingWaits, events: 7 } })
            )
          ]
        ],
        true
      )
    )
    const found = parse(text)
    const value = (name: string, labels: Readonly<Record<string, string>>) =>
      sampleOf(found, `evolution_listener_${name}`, labels)
    expect(value("listeners", { state: "listening", server: "eu" })).toBe(2)
    expect(value("listeners", { state: "parked", server: "eu" })).toBe(0)
    expect(value("listeners", { state: "parked", server: "br" })).toBe(1)
    expect(value("queue_events", { server: "br" })).toBe(7)
    expect(
      text.split("\n").filter((line) => /^[^#]/.test(line) && !line.includes('server="'))
    ).toEqual([])
  })

  it("tell instances of one name apart", () => {
    const facts = moment({ shop: { whatsapp: "open" } })
    const found = parse(
      render(
        ofServers(
          [
            ["eu", perInstance(facts)],
            ["br", perInstance(facts)]
          ],
          true
        )
      )
    )
    for (const server of ["eu", "br"])
      expect(
        sampleOf(found, "evolution_listener_instance_whatsapp_state", {
          instance_name: "shop",
          state: "open",
          server
        })
      ).toBe(1)
  })

  it("are as they were where there is one server", () => {
    const one = families(moment({ a: {} }))
    expect(render(ofServers([["default", one]], false))).toBe(render(one))
  })
})
