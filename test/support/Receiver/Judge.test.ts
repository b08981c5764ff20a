import { describe, expect, it } from "@effect/vitest"
import type { Arrival } from "./Arrival.ts"
import { makeJudge, type Sent } from "./Judge.ts"

const arrival = (cursor: number, more: Partial<Arrival> = {}): Arrival => ({
  at: cursor,
  path: "/a",
  id: `evt_12345678_${more.cursor ?? cursor}`,
  kind: "event",
  server: "default",
  instance: "shop",
  cursor,
  previous: cursor === 1 ? null : cursor - 1,
  manner: "Answer",
  status: 200,
  isSigned: true,
  isReplay: false,
  ...more
})

const sent = (...cursors: ReadonlyArray<number>): ReadonlyArray<Sent> =>
  cursors.map((cursor) => ({ path: "/a", server: "default", instance: "shop", cursor }))

const judged = (arrivals: ReadonlyArray<Arrival>, all?: ReadonlyArray<Sent>) => {
  const judge = makeJudge()
  for (const one of arrivals) judge.see(one)
  return judge.verdict(all)
}

const counts = (arrivals: ReadonlyArray<Arrival>, all?: ReadonlyArray<Sent>) => {
  const { broken, disorders, duplicates, lost, overtakings, renamed, ...more } = judged(
    arrivals,
    all
  )
  return {
    broken: broken.count,
    disorders: disorders.count,
    duplicates: duplicates.length,
    lost: lost.count,
    missed: more.missed.length,
    overtakings: overtakings.count,
    renamed: renamed.count,
    retries: more.retries,
    strangers: more.strangers.count,
    unsigned: more.unsigned.count,
    untold: more.untold.count
  }
}
const clean = {
  broken: 0,
  disorders: 0,
  duplicates: 0,
  lost: 0,
  missed: 0,
  overtakings: 0,
  renamed: 0,
  retries: 0,
  strangers: 0,
  unsigned: 0,
  untold: 0
}

describe("The judge of deliveries", () => {
  it("has nothing to say of events in order, whatever other lanes do meanwhile", () => {
    const other = { path: "/b", previous: null }
    const arrivals = [
      arrival(1),
      arrival(7, other),
      arrival(2),
      arrival(3, { instance: "other", previous: null }),
      arrival(4, { previous: 2 })
    ]
    expect(counts(arrivals)).toEqual(clean)
    expect(judged(arrivals)).toMatchObject({ arrivals: 5, events: 5, lanes: 3 })
  })

  it("finds what was lost, and what was not to be sent", () => {
    const arrivals = [arrival(1), arrival(3, { previous: 1 })]
    expect(counts(arrivals, sent(1, 2, 3))).toEqual({ ...clean, lost: 1 })
    expect(judged(arrivals, sent(1, 2, 3)).lost.some).toEqual(["/a default/shop: 2"])
    expect(counts(arrivals, sent(1))).toEqual({ ...clean, strangers: 1 })
  })

  it("counts an event as lost that no answer of 2xx took", () => {
    expect(counts([arrival(1, { status: 500 })], sent(1))).toEqual({ ...clean, lost: 1 })
    expect(counts([arrival(1, { status: 0 })], sent(1))).toEqual({ ...clean, lost: 1 })
  })

  it("counts retries apart from duplicates", () => {
    const arrivals = [arrival(1, { status: 500 }), arrival(1), arrival(1), arrival(2)]
    expect(counts(arrivals, sent(1, 2))).toEqual({ ...clean, retries: 1, duplicates: 1 })
    expect(judged(arrivals).duplicates).toEqual([{ at: 1, lane: "/a default/shop", cursor: 1 }])
  })

  it("finds an event that comes before an earlier one, and no repetition of an earlier one", () => {
    const arrivals = [arrival(1), arrival(3, { previous: 1 }), arrival(2), arrival(1)]
    expect(counts(arrivals)).toEqual({ ...clean, disorders: 1, broken: 1, duplicates: 1 })
  })

  it("finds an event that did not wait for the one before", () => {
    const arrivals = [arrival(1, { status: 500 }), arrival(2), arrival(1)]
    expect(counts(arrivals, sent(1, 2))).toEqual({ ...clean, overtakings: 1, retries: 1 })
  })

  it("finds an id of another event, and one of another log", () => {
    const id = "evt_12345678_9"
    expect(counts([arrival(1), arrival(2, { id })])).toEqual({ ...clean, renamed: 1 })
    expect(counts([arrival(1), arrival(2, { id: "evt_other_2" })])).toEqual({
      ...clean,
      renamed: 1
    })
    expect(counts([arrival(1), arrival(1, { id })])).toMatchObject({ renamed: 1, duplicates: 1 })
  })

  it("follows the chain of events by the ones before them", () => {
    const arrivals = [arrival(4, { previous: 3 }), arrival(9, { previous: 5 })]
    expect(counts(arrivals)).toEqual({ ...clean, broken: 1 })
    expect(counts([arrival(4), arrival(9, { previous: null })])).toEqual({ ...clean, untold: 1 })
  })

  it("takes purged events that were told for not lost", () => {
    const told = arrival(5, { kind: "missed", id: "missed_12345678_1_5", previous: 1 })
    const arrivals = [arrival(1), told, arrival(6, { previous: 1 })]
    expect(counts(arrivals, sent(1, 2, 5, 6))).toEqual({ ...clean, missed: 1 })
    expect(counts(arrivals, sent(1, 2, 5, 6, 7))).toEqual({ ...clean, missed: 1, lost: 1 })
  })

  it("finds wrong signatures, also of messages that are no events", () => {
    const test = arrival(0, { kind: "other", isSigned: false })
    expect(counts([test, arrival(1, { isSigned: null })])).toEqual({ ...clean, unsigned: 1 })
  })

  it("leaves replays out", () => {
    expect(counts([arrival(3), arrival(1, { isReplay: true })])).toEqual(clean)
  })

  it("keeps twenty findings of a kind, and counts all", () => {
    const { lost } = judged([], sent(...Array.from({ length: 50 }, (_, nth) => nth)))
    expect(lost.count).toBe(50)
    expect(lost.some).toHaveLength(20)
  })

  it("judges a million deliveries in less than 300 MB", { timeout: 60_000 }, () => {
    const judge = makeJudge()
    const count = 1_000_000
    const lanes = 50
    const expected: Array<Sent> = []
    const before = process.memoryUsage().rss
    for (let cursor = 1; cursor <= count; cursor++) {
      const instance = `shop-${cursor % lanes}`
      const previous = cursor > lanes ? cursor - lanes : null
      judge.see(arrival(cursor, { instance, previous }))
    }
    const grown = (process.memoryUsage().rss - before) / 1024 / 1024
    for (let cursor = 1; cursor <= count; cursor += 1000)
      expected.push({ path: "/a", server: "default", instance: `shop-${cursor % lanes}`, cursor })
    const verdict = judge.verdict()
    expect(verdict).toMatchObject({ events: count, lanes, duplicates: [] })
    for (const finding of [verdict.disorders, verdict.broken, verdict.overtakings])
      expect(finding.count).toBe(0)
    expect(judge.verdict(expected).lost.count).toBe(0)
    expect(grown).toBeLessThan(300)
  })
})
