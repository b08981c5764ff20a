import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Fiber, Option } from "effect"
import { decode } from "../../../src/Domain/Event.ts"
import * as Scrub from "../../../src/Domain/Scrub.ts"
import * as Repeats from "../../../src/Log/Ingest/Repeats.ts"

const second = 1000

const event = (at: number, name: string, data: unknown, instance = "shop-1", origin = "live") =>
  decode(
    { name, payload: { event: name, instance, data }, receivedAt: at },
    origin === "live" ? "live" : "snapshot",
    Scrub.unconfigured
  )

const update = (at: number, state: string, instance?: string, origin?: string) =>
  event(at, "connection.update", { instance, state, statusReason: 200 }, instance, origin)

/** `connecting` that is repeated from `from` on, at a pace. */
const connecting = (from: number, count: number, pace: number) =>
  Array.from({ length: count }, (_, nth) => update(from + nth * pace, "connecting"))

type Decoded = ReturnType<typeof event>

/** Events in short: the name, the state or count, the second. */
const short = (events: ReadonlyArray<Decoded>) =>
  events.map((one) => {
    const { event: name, json, receivedAt } = Either.getOrThrow(one)
    const { count, state } = JSON.parse(String(json)) ?? {}
    return `${name} ${count ?? state ?? "-"} ${receivedAt / second}`
  })

const sifted = (...events: ReadonlyArray<Decoded>) => {
  const repeats = Repeats.make(Scrub.unconfigured)
  return { told: events.flatMap((one) => repeats.sift([one])), repeats }
}

describe("connecting that is repeated", () => {
  it.effect("is waited for, so that nothing wakes while no instance repeats it", () =>
    Effect.gen(function* () {
      const { repeats } = sifted()
      for (const at of [0, 100 * second]) {
        const fiber = yield* Effect.fork(repeats.any)
        yield* Effect.yieldNow()
        expect(yield* Fiber.poll(fiber)).toEqual(Option.none())
        repeats.sift([update(at, "connecting")])
        yield* Fiber.join(fiber)
        yield* repeats.any
        repeats.sift([update(at + second, "open")])
      }
    })
  )

  it("is logged once, and then counted by one event a minute", () => {
    // Hundreds a minute: EvolutionAPI/evolution-api#1408, #1858; 80 here.
    const { repeats, told } = sifted(...connecting(0, 241, 750))
    expect(short(told)).toEqual([
      "connection.update connecting 0",
      "connection.repeated 80 60",
      "connection.repeated 80 120",
      "connection.repeated 80 180"
    ])
    expect(repeats.due(500 * second)).toEqual([])
  })

  it("is counted to the last one: no event is left out silently", () => {
    for (const count of [1, 2, 3, 79, 81, 500]) {
      const { repeats, told } = sifted(...connecting(0, count, 750))
      const all = [...told, ...repeats.due(1000 * second)].map((one) => Either.getOrThrow(one))
      const counted = all.map(({ event: name, json }) =>
        name === "connection.update" ? 1 : JSON.parse(String(json)).count
      )
      expect(counted.reduce((sum, one) => sum + one, 0)).toBe(count)
    }
  })

  it.each([
    ["an open", update(3 * second, "open"), "connection.update open 3"],
    ["a close", update(3 * second, "close"), "connection.update close 3"],
    [
      "a code",
      event(3 * second, "qrcode.updated", { qrcode: { code: "2@a" } }),
      "qrcode.updated - 3"
    ],
    ["a logout", event(3 * second, "logout.instance", null), "logout.instance - 3"],
    ["a removal", event(3 * second, "remove.instance", null), "remove.instance - 3"]
  ])("is counted before %s, and begins anew after it", (_, end, told) => {
    const again = update(4 * second, "connecting")
    expect(short(sifted(...connecting(0, 3, second), end, again).told)).toEqual([
      "connection.update connecting 0",
      "connection.repeated 2 2",
      told,
      "connection.update connecting 4"
    ])
  })

  it("is counted when it stops without another event", () => {
    const { repeats } = sifted(...connecting(0, 5, second))
    expect(repeats.due(-1)).toEqual([])
    expect(short(repeats.due(0))).toEqual(["connection.repeated 4 4"])
    expect(repeats.due(1000 * second)).toEqual([])
    // It is a first one again.
    expect(short(repeats.sift([update(2000 * second, "connecting")]))).toEqual([
      "connection.update connecting 2000"
    ])
  })

  it("is counted by instance", () => {
    const { told } = sifted(
      update(0, "connecting", "shop-1"),
      update(0, "connecting", "shop-2"),
      update(second, "connecting", "shop-1"),
      update(2 * second, "open", "shop-1"),
      update(2 * second, "open", "shop-2")
    )
    expect(short(told)).toEqual([
      "connection.update connecting 0",
      "connection.update connecting 0",
      "connection.repeated 1 1",
      "connection.update open 2",
      "connection.update open 2"
    ])
  })

  it.each([
    // A link that comes and goes tells something each time: EvolutionAPI/evolution-api#550, #765.
    ["connecting, open and close in turn", ["connecting", "open", "close", "connecting", "open"]],
    ["open again and again", ["open", "open", "open"]],
    ["a single connecting", ["connecting"]]
  ])("leaves %s as it is", (_, states) => {
    const events = states.map((state, nth) => update(nth * second, state))
    expect(sifted(...events).told).toEqual(events)
  })

  it("leaves messages, snapshots and what does not decode as they are", () => {
    const message = event(0, "messages.upsert", { key: { id: "a" } })
    const broken = event(0, "connection.update", { state: "strange" })
    const snapshot = update(0, "connecting", "shop-1", "snapshot")
    const events = [message, broken, snapshot, message, snapshot, broken]
    expect(Either.isLeft(broken)).toBe(true)
    expect(Repeats.make(Scrub.unconfigured).sift(events)).toEqual(events)
  })
})
