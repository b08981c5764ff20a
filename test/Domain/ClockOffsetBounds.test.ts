import { describe, expect, it } from "@effect/vitest"
import { Clock } from "effect"
import * as ClockOffset from "../../src/Domain/ClockOffset.ts"

const minute = 60_000
const hour = 60 * minute
const second = (at: number) => new Date(at).toUTCString()

/** Both clocks begin at 0 here, and the wall clock is `ahead`. */
const moment = (monotonic: number, ahead = 0): ClockOffset.Moment => ({
  wall: monotonic + ahead,
  monotonic
})

describe("the offset to a server, to the millisecond", () => {
  it("is bounded by the second of its header and the time that the answer took", () => {
    const server = ClockOffset.ofServer()
    expect(server.offset(moment(0))).toBeNull()
    server.answered(second(5_000), 5_200, moment(5_900))
    expect(server.offset(moment(5_900))).toEqual({ least: -800, most: 900 })
    expect(server.offset(moment(9_000, 40))).toEqual({ least: -760, most: 940 })
  })

  it("is what all answers allow", () => {
    const server = ClockOffset.ofServer()
    server.answered(second(5_000), 5_200, moment(5_900))
    server.answered(second(7_000), 7_950, moment(7_990))
    expect(server.offset(moment(8_000))).toEqual({ least: -50, most: 900 })
    server.answered(second(9_000), 9_000, moment(9_010))
    expect(server.offset(moment(9_010))).toEqual({ least: -50, most: 10 })
  })

  it("is one number where two answers leave one, and the last answer's where they leave none", () => {
    const server = ClockOffset.ofServer()
    server.answered(second(5_000), 5_200, moment(5_900))
    server.answered(second(5_000), 6_900, moment(6_950))
    expect(server.offset(moment(7_000))).toEqual({ least: 900, most: 900 })
    server.answered(second(5_000), 8_000, moment(8_010))
    expect(server.offset(moment(8_010))).toEqual({ least: 2_000, most: 3_010 })
  })

  it("is not narrowed by an answer during which our clock was set back", () => {
    const server = ClockOffset.ofServer()
    server.answered(second(5_000), 5_901, moment(5_900))
    expect(server.offset(moment(6_000))).toBeNull()
    server.answered(second(5_000), 5_900, moment(5_900))
    expect(server.offset(moment(6_000))).toEqual({ least: -100, most: 900 })
  })

  it("is measured anew after ten minutes, and answers in between do not put that off", () => {
    const server = ClockOffset.ofServer()
    server.answered(second(0), 0, moment(10))
    server.answered(second(10 * minute), 10 * minute, moment(10 * minute + 10))
    expect(server.offset(moment(0))).toEqual({ least: -1000, most: 10 })
    server.answered(second(10 * minute), 10 * minute + 1, moment(10 * minute + 11))
    expect(server.offset(moment(0))).toEqual({ least: -999, most: 11 })
    server.answered(second(19 * minute), 19 * minute, moment(19 * minute + 5))
    expect(server.offset(moment(0))).toEqual({ least: -999, most: 5 })
  })
})

describe("the offset to WhatsApp, to the millisecond", () => {
  /** Messages as pairs of the time of arrival on the monotonic clock and the age at arrival. */
  const heard = (...pairs: ReadonlyArray<readonly [at: number, age: number]>) => {
    const messages = ClockOffset.ofMessages()
    for (const [at, age] of pairs) messages.heard(at - age, at, moment(at))
    return messages.offset(moment(pairs.at(-1)?.[0] ?? 0))
  }

  it("is at most the age of the quickest message, and at least that less the time on the way", () => {
    expect(heard([0, 900], [30_000, 500], [minute, 700])).toEqual({ least: -2_500, most: 500 })
  })

  it("is counted from the arrival of a message, and not from the time when it is noted", () => {
    const messages = ClockOffset.ofMessages()
    for (const at of [0, 30_000, minute]) messages.heard(at - 500, at, moment(at + 20_000))
    expect(messages.offset(moment(minute))).toEqual({ least: -2_500, most: 500 })
    expect(messages.offset(moment(minute, 77))).toEqual({ least: -2_423, most: 577 })
  })

  it("is known from three messages in one minute, and from no fewer and no less", () => {
    expect(ClockOffset.ofMessages().offset(moment(0))).toBeNull()
    expect(heard([0, 500], [minute, 500])).toBeNull()
    expect(heard([0, 500], [30_000, 500], [minute - 1, 500])).toBeNull()
    expect(heard([0, 500], [30_000, 500], [minute, 500])).not.toBeNull()
  })

  it("counts a message that is ten seconds older than the quickest, and none that is older", () => {
    const quick = [
      [0, 500],
      [minute, 500]
    ] as const
    expect(heard(...quick, [2 * minute, 10_500])).not.toBeNull()
    expect(heard(...quick, [2 * minute, 10_501])).toBeNull()
  })

  it("takes one message a second, in whatever direction our clock goes", () => {
    expect(heard([0, 500], [999, 500], [minute, 500])).toBeNull()
    expect(heard([0, 500], [1_000, 500], [minute, 500])).not.toBeNull()
    expect(heard([1_000, 500], [1, 500], [minute + 1_000, 500])).toBeNull()
    expect(heard([1_000, 500], [0, 500], [minute + 1_000, 500])).not.toBeNull()
  })

  it("forgets a message after six hours", () => {
    const later = [
      [6 * hour, 900],
      [6 * hour + minute, 900],
      [6 * hour + 2 * minute, 900]
    ] as const
    expect(heard([1, 100], later[0])).toBeNull()
    expect(heard([1, 100], ...later)?.most).toBe(900)
    expect(heard([3 * minute, 100], ...later)?.most).toBe(100)
    expect(heard([2 * minute + 1, 100], ...later)?.most).toBe(100)
    expect(heard([2 * minute, 100], ...later)?.most).toBe(900)
  })

  it("remembers 64 messages", () => {
    const more = (count: number) =>
      Array.from({ length: count }, (_, nth) => [2_000 + nth * 2_000, 900] as const)
    expect(heard([0, 100], ...more(63))?.most).toBe(100)
    expect(heard([0, 100], ...more(64))?.most).toBe(900)
  })
})

describe("a difference of clocks", () => {
  it("is said in whole seconds, with its direction", () => {
    expect(ClockOffset.sentence("Evolution", 31_499)).toBe("Our clock is 31 s ahead of Evolution's")
    expect(ClockOffset.sentence("WhatsApp", -31_500)).toBe("Our clock is 32 s behind WhatsApp's")
  })

  it("is certain from the end of the range that is nearer to 0, and 0 at a range that touches it", () => {
    expect(ClockOffset.certain({ least: 0, most: 5 })).toBe(0)
    expect(ClockOffset.certain({ least: -5, most: 0 })).toBe(0)
    expect(ClockOffset.certain({ least: 1, most: 5 })).toBe(1)
    expect(ClockOffset.certain({ least: -5, most: -1 })).toBe(-1)
  })

  it("covers ranges one inside the other", () => {
    const inner = { least: 2, most: 3 }
    const outer = { least: 1, most: 4 }
    expect(ClockOffset.hull(inner, outer)).toEqual(outer)
    expect(ClockOffset.hull(outer, null, inner)).toEqual(outer)
    expect(ClockOffset.hull()).toBeNull()
  })

  it("is read on both clocks of the program", () => {
    const clock: Clock.Clock = {
      ...Clock.make(),
      unsafeCurrentTimeMillis: () => 5,
      unsafeCurrentTimeNanos: () => 7_900_000n
    }
    expect(ClockOffset.momentOf(clock)).toEqual({ wall: 5, monotonic: 7 })
  })
})
