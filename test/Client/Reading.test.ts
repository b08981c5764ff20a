import { describe, expect, it } from "@effect/vitest"
import type { Part } from "../../src/Client/Frames.ts"
import {
  type Interruption,
  isFinal,
  pauseAfter,
  Reading,
  refusalOf
} from "../../src/Client/Reading.ts"

const frame = (event: string, id: number | "", data: unknown): Part => ({
  _tag: "Frame",
  event,
  id: String(id),
  data: JSON.stringify(data)
})
const hello = (recovered: boolean, cursor: number) => frame("hello", cursor, { recovered, cursor })

describe("a reader's place in the log", () => {
  it("is the cursor of the greeting, then the id of each frame", () => {
    const reading = new Reading(undefined)
    expect(reading.hasRead).toBe(false)
    expect(reading.take(hello(false, 40))).toBeUndefined()
    expect([reading.cursor, reading.hasRead]).toEqual([40, true])
    expect(reading.take(frame("", 42, { id: 42 }))).toEqual({ _tag: "Event", record: { id: 42 } })
    expect(reading.take(frame("status", 50, { name: "shop" }))).toEqual({
      _tag: "Status",
      change: { name: "shop" }
    })
    expect(reading.take({ _tag: "Comment" })).toEqual({ _tag: "Alive" })
    expect(reading.cursor).toBe(50)
  })

  it("tells of missed events where it had a place and the stream does not go on there", () => {
    const reading = new Reading(7)
    expect(reading.take(hello(true, 7))).toBeUndefined()
    expect(reading.take(hello(false, 7))).toEqual({ _tag: "Missed", after: 7, cursor: 7 })
    // Another log, which has not come so far.
    expect(reading.take(hello(false, 3))).toEqual({ _tag: "Missed", after: 7, cursor: 3 })
    expect(reading.cursor).toBe(3)
  })

  it("stays before a frame that is no JSON, so that it is read again", () => {
    const reading = new Reading(7)
    const torn: Part = { _tag: "Frame", event: "", id: "8", data: '{"id":8,' }
    expect(reading.take(torn)).toMatchObject({ _tag: "Interrupted", by: { reason: "failed" } })
    expect([reading.cursor, reading.hasRead]).toEqual([7, false])
  })

  it("passes over the frames of later versions and of intermediaries, and keeps no id but a cursor", () => {
    const reading = new Reading(7)
    expect(reading.take(frame("weather", 9, {}))).toBeUndefined()
    expect(reading.cursor).toBe(9)
    reading.take(frame("", "", { id: 10 }))
    expect(reading.cursor).toBe(9)
  })

  it("ends with the reason of the farewell", () => {
    const bye = { reason: "stopping", message: "The service stops" }
    expect(new Reading(7).take(frame("bye", 8, bye))).toEqual({ _tag: "Interrupted", by: bye })
  })
})

describe("the pause before a reader comes back", () => {
  const by: Interruption = { reason: "ended", message: "" }

  it("doubles from one second to thirty, and is shortened at random by up to half", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 2000].map((tries) => pauseAfter(tries, by, 0))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000
    ])
    expect(pauseAfter(0, by, 1)).toBe(500)
  })

  it("is never shorter than the answer asks", () => {
    expect(pauseAfter(0, { ...by, retryAfter: 60_000 }, 1)).toBe(60_500)
  })
})

describe("an answer that is no stream", () => {
  const ours = (status: number, more = {}) =>
    refusalOf(status, JSON.stringify({ _tag: "Unauthorized", message: "no", ...more }), null)
  const other = (status: number) => refusalOf(status, "<html>", null)

  it("is final if the service refuses, and passes if it is busy or away", () => {
    for (const status of [400, 401, 403, 404]) expect(isFinal(ours(status), true)).toBe(true)
    for (const status of [408, 425, 429, 500, 502, 503])
      for (const refusal of [ours(status), other(status)])
        expect(isFinal(refusal, false)).toBe(false)
  })

  it("of something in between is final before the first stream, and passes after it", () => {
    for (const status of [0, 200, 302, 404])
      expect([isFinal(other(status), false), isFinal(other(status), true)]).toEqual([true, false])
  })

  it("says how long to wait, in the error or in the header", () => {
    expect(ours(429, { retryAfterSeconds: 41 }).retryAfter).toBe(41_000)
    expect(refusalOf(503, "", "7").retryAfter).toBe(7000)
    // A date, which the clock of this machine may not fit.
    expect(refusalOf(503, "", "Mon, 30 Nov 2026 14:00:00 GMT").retryAfter).toBe(0)
  })
})
