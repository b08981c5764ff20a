import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import * as Ring from "../../../src/Evolution/Ear/Ring.ts"
import { propertyRuns } from "../../support/propertyRuns.ts"

interface Sent {
  readonly instance: string
  readonly event: string
  readonly at: number
}

const timeOf = (at: number) => new Date(at).toISOString()

const rawOf = ({ at, event, instance }: Sent, data: unknown = {}): RawEvent => ({
  name: event,
  payload: { event, instance, data, date_time: timeOf(at) },
  receivedAt: at
})

const committedOf = ({ at, event, instance }: Sent) => ({
  event,
  instance,
  upstreamTime: timeOf(at)
})

const at = (time: number, instance = "shop-1", event = "messages.upsert"): Sent => ({
  instance,
  event,
  at: time
})

const timesOf = (events: ReadonlyArray<RawEvent>) => events.map(({ receivedAt }) => receivedAt)

describe("Ring", () => {
  it("holds what the log does not have", () => {
    const ring = Ring.make()
    ring.push([1, 2, 3, 4].map((time) => rawOf(at(time))))
    expect(ring.isAligned()).toBe(false)
    ring.committed([committedOf(at(1)), committedOf(at(2))])
    expect(ring.isAligned()).toBe(true)
    expect(ring.since()).toBe(3)
    expect(timesOf(ring.take(1))).toEqual([3])
    expect(timesOf(ring.take(10))).toEqual([4])
    expect(ring.since()).toBeUndefined()
  })

  it("drops what the owner left out before a committed event", () => {
    const ring = Ring.make()
    ring.push([rawOf(at(1)), rawOf(at(2)), rawOf(at(3))])
    ring.committed([committedOf(at(3))])
    expect(ring.size()).toBe(0)
  })

  it("keeps what an instance said before another one was committed, for a minute", () => {
    const ring = Ring.make()
    ring.push([rawOf(at(1, "shop-2")), rawOf(at(2, "shop-2")), rawOf(at(60_001))])
    ring.committed([committedOf(at(60_001))])
    expect(timesOf(ring.take(10))).toEqual([1, 2])
    ring.push([rawOf(at(1, "shop-2")), rawOf(at(2, "shop-2")), rawOf(at(60_002))])
    ring.committed([committedOf(at(60_002))])
    expect(timesOf(ring.take(10))).toEqual([2])
  })

  it("keeps everything at a committed event that it has not heard", () => {
    const ring = Ring.make()
    ring.push([rawOf(at(5))])
    ring.committed([committedOf(at(4)), committedOf(at(5, "shop-2"))])
    expect(ring.size()).toBe(1)
    expect(ring.isAligned()).toBe(false)
  })

  it("drops what was committed before it was heard, with what the owner left out before it", () => {
    const ring = Ring.make()
    ring.push([rawOf(at(1))])
    ring.committed([committedOf(at(2)), committedOf(at(2)), committedOf(at(4, "shop-2"))])
    expect(ring.isAligned()).toBe(false)
    ring.push([rawOf(at(2)), rawOf(at(2)), rawOf(at(2)), rawOf(at(3))])
    expect(ring.isAligned()).toBe(true)
    expect(timesOf(ring.take(10))).toEqual([2, 3])
    const later = [rawOf(at(3)), rawOf(at(4, "shop-2")), rawOf(at(4))]
    expect(timesOf(ring.fresh(later))).toEqual([3, 4])
    expect(timesOf(ring.fresh(later))).toEqual([3, 4, 4])
  })

  it("knows no event by its name alone, where Evolution tells no time", () => {
    const ring = Ring.make()
    ring.committed([{ event: "call", instance: "shop-1", upstreamTime: null }])
    const payload = { event: "call", instance: "shop-1", data: {} }
    ring.push([{ name: "call", payload, receivedAt: 1 }])
    expect(ring.size()).toBe(1)
  })

  it("counts events of one millisecond", () => {
    const ring = Ring.make()
    ring.push([rawOf(at(1)), rawOf(at(1)), rawOf(at(1))])
    ring.committed([committedOf(at(1)), committedOf(at(1))])
    expect(ring.size()).toBe(1)
  })

  it("drops the oldest beyond its bound, and says so", () => {
    const ring = Ring.make(10_000)
    const large = { text: "x".repeat(4000), image: new Uint8Array(100) }
    ring.push([1, 2].map((time) => rawOf(at(time), large)))
    ring.committed([committedOf(at(1))])
    expect(ring.isAligned()).toBe(true)
    ring.push([3, 4].map((time) => rawOf(at(time), large)))
    expect(timesOf(ring.take(10))).toEqual([3, 4])
    expect(ring.isAligned()).toBe(false)
  })

  const sent = fc.array(
    fc.record({
      instance: fc.constantFrom("shop-1", "shop-2", "shop-3"),
      event: fc.constantFrom("messages.upsert", "presence.update"),
      // Many events of one millisecond.
      step: fc.integer({ min: 0, max: 2 }),
      isLogged: fc.boolean()
    }),
    { maxLength: 60 }
  )

  /** Positive: so many events are heard; negative: so many are told to be committed. */
  const turns = fc.array(fc.integer({ min: -20, max: 20 }))

  it("has, for any broadcast and any commits, what comes after an instance's last committed event", () => {
    fc.assert(
      fc.property(sent, fc.nat(), fc.nat(), turns, (drawn, joins, ends, turns) => {
        let time = 0
        const events = drawn.map(({ isLogged, step, ...rest }) => {
          time += step
          return { ...rest, at: time, isLogged }
        })
        // The standby joined after some events, and the owner died after some later ones.
        const joined = joins % (events.length + 1)
        const died = joined + (ends % (events.length - joined + 1))
        // What the owner leaves out, it leaves out for all events of a print.
        const leftOut = new Set(
          events.filter(({ isLogged }) => !isLogged).map((one) => JSON.stringify(committedOf(one)))
        )
        const logged = events
          .slice(0, died)
          .filter((one) => !leftOut.has(JSON.stringify(committedOf(one))))
        // Events of the millisecond in which it joined look alike.
        fc.pre(joined === 0 || events[joined - 1]?.at !== events[joined]?.at)
        const ring = Ring.make()
        let [heard, told] = [joined, 0]
        // The standby hears, and learns of what is committed, in any order of both.
        for (const turn of turns) {
          const size = Math.abs(turn)
          if (turn > 0) ring.push(events.slice(heard, heard + size).map((one) => rawOf(one)))
          else ring.committed(logged.slice(told, told + size).map(committedOf))
          if (turn > 0) heard += size
          else told += size
        }
        ring.push(events.slice(heard).map((one) => rawOf(one)))
        ring.committed(logged.slice(told).map(committedOf))
        const rest = events.filter((one, nth) => {
          const last = logged.findLast(({ instance }) => instance === one.instance)
          return nth >= joined && (last === undefined || nth > events.indexOf(last))
        })
        expect(timesOf(ring.take(1000))).toEqual(rest.map(({ at }) => at))
      }),
      { numRuns: propertyRuns(300) }
    )
  })
})
