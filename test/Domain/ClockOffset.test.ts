import { describe, expect, it } from "@effect/vitest"
import * as ClockOffset from "../../src/Domain/ClockOffset.ts"

const start = Date.UTC(2026, 0, 2, 3, 4, 5)

/** A moment `seconds` into the test, on a wall clock that is `ahead` seconds ahead. */
const moment = (seconds: number, ahead = 0): ClockOffset.Moment => ({
  wall: start + (seconds + ahead) * 1000,
  monotonic: 7_000_000 + seconds * 1000
})

const header = (seconds: number) => new Date(start + seconds * 1000).toUTCString()

describe("the offset to a server", () => {
  /** One answer: asked at `seconds`, answered after `took`, dated by the server in between. */
  const ask = (
    server: ReturnType<typeof ClockOffset.ofServer>,
    { ahead, seconds, took = 0.1 }: { ahead: number; seconds: number; took?: number }
  ) =>
    server.answered(
      header(seconds + took / 2),
      moment(seconds, ahead).wall,
      moment(seconds + took, ahead)
    )

  it.each([0, 300, -300, 3 * 3600, -86_400])("holds the true one of %i s", (ahead) => {
    const server = ClockOffset.ofServer()
    ask(server, { ahead, seconds: 1 })
    ask(server, { ahead, seconds: 2.7 })
    const found = server.offset(moment(3, ahead))
    expect(found?.least).toBeLessThanOrEqual(ahead * 1000)
    expect(found?.most).toBeGreaterThanOrEqual(ahead * 1000)
    expect((found?.most ?? 0) - (found?.least ?? 0)).toBeLessThan(1200)
  })

  it("is narrowed by quick answers and not widened by slow ones", () => {
    const server = ClockOffset.ofServer()
    ask(server, { ahead: 300, seconds: 1 })
    const quick = server.offset(moment(2, 300))
    ask(server, { ahead: 300, seconds: 2, took: 12 })
    expect(server.offset(moment(15, 300))).toEqual(quick)
  })

  it("follows our clock when it is set, without another answer", () => {
    const server = ClockOffset.ofServer()
    ask(server, { ahead: 300, seconds: 1 })
    const { least = 1, most = 1 } = server.offset(moment(2, 0)) ?? {}
    expect(least).toBeLessThanOrEqual(0)
    expect(most).toBeGreaterThanOrEqual(0)
  })

  it("follows the server's clock when that is set", () => {
    const server = ClockOffset.ofServer()
    ask(server, { ahead: 0, seconds: 1 })
    server.answered(header(602), moment(2).wall, moment(2.1))
    expect(ClockOffset.certain(server.offset(moment(3)) ?? { least: 0, most: 0 })).toBeLessThan(
      -590_000
    )
  })

  it.each([undefined, "", "yesterday"])("is not known from the header %j", (date) => {
    const server = ClockOffset.ofServer()
    server.answered(date, moment(1).wall, moment(1.1))
    expect(server.offset(moment(2))).toBeNull()
  })
})

describe("the offset to WhatsApp", () => {
  /** Messages heard by a clock that is `ahead`, each `delay` seconds after it was sent. */
  const hear = (
    messages: ReturnType<typeof ClockOffset.ofMessages>,
    ahead: number,
    heard: ReadonlyArray<readonly [at: number, delay: number]>
  ) => {
    for (const [at, delay] of heard)
      messages.heard(
        Math.floor((start + (at - delay) * 1000) / 1000) * 1000,
        moment(at, ahead).wall,
        moment(at, ahead)
      )
  }
  const steady = [0, 20, 40, 60, 80].map((at) => [at, 0.5] as const)

  // A shift of three hours is what an unset time zone makes: EvolutionAPI/evolution-api#2316
  it.each([0, 300, -300, 3 * 3600, -45])("holds the true one of %i s", (ahead) => {
    const messages = ClockOffset.ofMessages()
    hear(messages, ahead, steady)
    const { least = 1, most = -1 } = messages.offset(moment(90, ahead)) ?? {}
    expect(least).toBeLessThanOrEqual(ahead * 1000)
    expect(most).toBeGreaterThanOrEqual(ahead * 1000)
    expect(most - least).toBeLessThan(5000)
  })

  it("is not spoiled by old messages between new ones", () => {
    const messages = ClockOffset.ofMessages()
    const old = [5, 25, 45, 65].map((at) => [at, 20_000 + at] as const)
    hear(
      messages,
      0,
      [...steady, ...old].sort(([one], [other]) => one - other)
    )
    expect(messages.offset(moment(90))?.most).toBeLessThan(2000)
  })

  it("is not known from a burst of old messages alone, which come all at once", () => {
    const messages = ClockOffset.ofMessages()
    // Thirty messages of one night that come in half a minute after WhatsApp has reconnected.
    hear(
      messages,
      0,
      Array.from({ length: 30 }, (_, n) => [n, 6 * 3600] as const)
    )
    expect(messages.offset(moment(31))).toBeNull()
  })

  it("is not known from a backlog that shrinks", () => {
    const messages = ClockOffset.ofMessages()
    hear(
      messages,
      0,
      Array.from({ length: 10 }, (_, n) => [n * 20, 7200 - n * 700] as const)
    )
    expect(messages.offset(moment(201))).toBeNull()
  })

  it("is not known from two messages", () => {
    const messages = ClockOffset.ofMessages()
    hear(messages, 0, steady.slice(0, 2))
    expect(messages.offset(moment(90))).toBeNull()
  })

  it("follows our clock when it is set", () => {
    const messages = ClockOffset.ofMessages()
    hear(messages, 300, steady)
    const { least = 1, most = -1 } = messages.offset(moment(90, 0)) ?? {}
    expect(least).toBeLessThanOrEqual(0)
    expect(most).toBeGreaterThanOrEqual(0)
  })
})

describe("a range of offsets", () => {
  it("that holds 0 proves no difference", () => {
    expect(
      [
        { least: -1, most: 1 },
        { least: 3, most: 9 },
        { least: -9, most: -3 }
      ].map(ClockOffset.certain)
    ).toEqual([0, 3, -3])
  })

  it("covers all that were measured", () => {
    expect(ClockOffset.hull(null, { least: 1, most: 2 }, null, { least: -4, most: -3 })).toEqual({
      least: -4,
      most: 2
    })
    expect(ClockOffset.hull(null, null)).toBeNull()
  })
})
