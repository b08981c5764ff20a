import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as InFlight from "../../src/Concurrency/InFlight.ts"

describe("InFlight", () => {
  it("InFlight has no low watermark while no ticket is open", () => {
    const inFlight = InFlight.make()
    expect(inFlight.least()).toBeUndefined()
    inFlight.done(inFlight.begin(1))
    expect(inFlight.least()).toBeUndefined()
  })

  it("InFlight keeps the least time until its ticket is closed", () => {
    const inFlight = InFlight.make()
    const newer = inFlight.begin(20)
    const older = inFlight.begin(10)
    expect([newer.since, older.since]).toEqual([20, 10])
    expect(inFlight.least()).toBe(10)
    inFlight.done(newer)
    expect(inFlight.least()).toBe(10)
    inFlight.done(older)
    expect(inFlight.least()).toBeUndefined()
  })

  it("InFlight tells two tickets of the same time apart", () => {
    const inFlight = InFlight.make()
    const first = inFlight.begin(10)
    const second = inFlight.begin(10)
    inFlight.done(first)
    inFlight.done(first)
    expect(inFlight.least()).toBe(10)
    inFlight.done(second)
    expect(inFlight.least()).toBeUndefined()
  })

  it("InFlight ignores the close of a ticket that was never opened", () => {
    const inFlight = InFlight.make()
    inFlight.begin(0)
    inFlight.done(undefined)
    inFlight.done({ since: 0 })
    expect(inFlight.least()).toBe(0)
  })

  it("InFlight gives the least time of the open tickets, in whatever order they open and close", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer(), fc.boolean()), { maxLength: 20 }), (tickets) => {
        const inFlight = InFlight.make()
        const opened = tickets.map(([since]) => inFlight.begin(since))
        for (const [index, ticket] of opened.entries())
          if (tickets[index]?.[1] === true) inFlight.done(ticket)
        const open = tickets.filter(([, isDone]) => !isDone).map(([since]) => since)
        expect(inFlight.least()).toBe(open.length === 0 ? undefined : Math.min(...open))
      })
    )
  })
})
