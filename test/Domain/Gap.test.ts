import { describe, expect, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import { KeyRefused, LicenseRequired, NameImpossible } from "../../src/Domain/EvolutionError.ts"
import * as Gap from "../../src/Domain/Gap.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as LinkError from "../../src/Domain/LinkError.ts"
import { SessionError } from "../../src/Domain/ListenerState.ts"

const at = (seconds: number) => DateTime.unsafeMake(Date.UTC(2026, 0, 2) + seconds * 1000)

const facts = {
  id: "3f2f8f70-6d2b-4a35-9b39-1d1b7b3a9c11",
  instance: InstanceName.make("shop-1"),
  from: at(0),
  cause: "connection_lost"
} as const

const open = Gap.opened(facts)
const closed = Gap.closed(open, at(60))

describe("a gap", () => {
  it("is open at first, and nothing is known or fetched of it", () => {
    expect(open).toEqual({
      ...facts,
      to: null,
      recovered: null,
      fetched: 0,
      fetchedUntil: null,
      clockOffset: null,
      retryAt: null,
      note: null,
      reason: null,
      limit: null
    })
  })

  it("is closed at a time, and stays what it was", () => {
    expect(closed).toEqual({ ...open, to: at(60) })
  })

  it("adds up what was fetched, and keeps how far", () => {
    const twice = Gap.progressed(Gap.progressed(closed, 7, at(10)), 5, at(20))
    expect(twice).toEqual({ ...closed, fetched: 12, fetchedUntil: at(20) })
  })

  it("adds up what was fetched while it is open, and keeps how far", () => {
    const clockOffset = { least: 1, most: 2 }
    const round = Gap.offset(Gap.progressed(closed, 7, at(10)), clockOffset)
    const before = { ...open, fetched: 2 }
    const after = { ...open, fetched: 9, fetchedUntil: at(10), clockOffset }
    expect(Gap.advanced(before, round)).toEqual(after)
  })

  it("that is imported is a closed one with a limit of its own", () => {
    const { cause: _, ...stretch } = facts
    const imported = Gap.imported({ ...stretch, to: at(60), limit: 7 })
    expect(imported).toEqual({ ...closed, cause: "import", limit: 7 })
    expect([imported, closed].map(Gap.isImport)).toEqual([true, false])
  })

  it("of which more was fetched has its verdict yet to come", () => {
    const failed = Gap.retrying(closed, "why", at(90))
    expect(Gap.progressed(failed, 5, at(20))).toEqual(Gap.progressed(closed, 5, at(20)))
  })

  it("that is recovered has nothing left to say or to try", () => {
    const failed = Gap.retrying(Gap.progressed(closed, 7, at(10)), "why", at(90))
    expect(Gap.recovered(failed)).toEqual({
      ...closed,
      recovered: true,
      fetched: 7,
      fetchedUntil: at(10)
    })
  })

  it("that is not recovered says why, and when it is tried again, or that it is not", () => {
    expect(Gap.retrying(closed, "why", at(90))).toEqual({
      ...closed,
      recovered: false,
      note: "why",
      retryAt: at(90)
    })
    const failed = Gap.retrying(closed, "why", at(90))
    expect(Gap.lost(failed, "not_stored", "gone")).toEqual({
      ...closed,
      recovered: false,
      note: "gone",
      reason: "not_stored"
    })
  })

  it("whose verdict is taken back is fetched from its beginning, unless the limit ended it", () => {
    const reached = Gap.progressed(closed, 7, at(10))
    const verdicts = [
      Gap.recovered(reached),
      Gap.lost(reached, "not_stored", "why"),
      Gap.lost(reached, "limit", "why")
    ]
    expect(verdicts.map(Gap.again)).toEqual([
      { ...reached, fetchedUntil: null },
      { ...reached, fetchedUntil: null },
      reached
    ])
  })

  it("keeps the range of all offsets that were measured", () => {
    const measured = Gap.offset(Gap.offset(closed, { least: 1, most: 2 }), { least: -5, most: -3 })
    expect(measured.clockOffset).toEqual({ least: -5, most: 2 })
    expect(Gap.offset(measured, null)).toEqual(measured)
  })

  it("that goes on has no verdict any more, and keeps its cause and what was fetched", () => {
    const failed = Gap.retrying(Gap.progressed(closed, 7, at(-10)), "why", at(90))
    expect(Gap.reopened(failed)).toEqual({ ...open, fetched: 7, fetchedUntil: at(-10) })
    expect(Gap.reopened(closed)).toEqual(open)
  })

  it("that goes on is fetched again from a minute before its end: more may have come since", () => {
    const long = Gap.closed(open, at(600))
    const reached = [539, 540, 541, 600, 660].map(
      (seconds) => Gap.reopened(Gap.progressed(long, 7, at(seconds))).fetchedUntil
    )
    expect(reached).toEqual([539, 540, 540, 540, 540].map(at))
  })

  it.each([
    ["open", open, true, false],
    ["open again", Gap.reopened(Gap.retrying(closed, "why", at(90))), true, false],
    ["closed", closed, false, true],
    ["fetched in part", Gap.progressed(closed, 7, at(10)), false, true],
    ["to be tried again", Gap.retrying(closed, "why", at(90)), false, true],
    ["given up", Gap.lost(closed, "not_stored", "why"), false, false],
    ["recovered", Gap.recovered(closed), false, false]
  ] as const)(
    "that is %s goes on, leaves something to try, or nothing",
    (_how, gap, goesOn, leaves) => {
      expect(Gap.isOpen(gap)).toBe(goesOn)
      expect(Gap.isRecoverable(gap)).toBe(leaves)
    }
  )

  it("A gap that is open has no verdict, and one without a verdict has no note", () => {
    const isGap = Schema.is(Gap.Gap)
    expect([open, closed].map((gap) => isGap(gap))).toEqual([true, true])
    const impossible = [
      { ...open, recovered: true },
      { ...open, retryAt: at(90) },
      { ...closed, note: "why" },
      { ...closed, recovered: false },
      { ...closed, recovered: true, retryAt: at(90) }
    ]
    expect(impossible.map((gap) => isGap(gap))).toEqual(impossible.map(() => false))
  })

  it("crosses HTTP and comes back as it was", () => {
    const gaps = [
      open,
      closed,
      Gap.retrying(Gap.progressed(closed, 7, at(10)), "why", at(90)),
      Gap.lost(closed, "not_stored", "why"),
      Gap.recovered(closed)
    ]
    const keys =
      "id,instance,from,to,cause,recovered,fetched,fetchedUntil,clockOffset,retryAt,note,reason,limit".split(
        ","
      )
    for (const gap of gaps) {
      const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(Gap.Gap)(gap)))
      expect(Schema.decodeUnknownSync(Gap.Gap)(json)).toEqual(gap)
      expect(Object.keys(json ?? {})).toEqual(keys)
    }
    expect(Schema.encodeSync(Gap.Gap)(closed)).toMatchObject({
      from: "2026-01-02T00:00:00.000Z",
      to: "2026-01-02T00:01:00.000Z",
      retryAt: null
    })
  })
})

describe("the cause of a gap", () => {
  const causes = [
    [LinkError.DialFailed.of("ECONNREFUSED", ""), "not_reached"],
    [LinkError.UpgradeRefused.of(502, ""), "not_reached"],
    [LinkError.HandshakeTimeout.of("open", 10_000), "not_reached"],
    [LinkError.HeartbeatMissed.of(45_000), "heartbeat_missed"],
    [LinkError.NamespaceRefused.of("/shop-1", "Invalid namespace"), "namespace_refused"],
    [NameImpossible.asNamespace("a,b"), "namespace_refused"],
    [LinkError.ConnectionLost.of(1006, ""), "connection_lost"],
    [LinkError.ModeChanged.to("namespace"), "mode_changed"],
    [LinkError.ProtocolViolation.of("binary"), "protocol_violation"],
    [new KeyRefused({ message: "no" }), "key_refused"],
    [new LicenseRequired({ message: "no" }), "license_required"]
  ] as const

  it.each(causes)("is told by what ended the session: %s", (error, cause) => {
    expect(Gap.causeOf(error)).toBe(cause)
    expect(Schema.is(Gap.GapCause)(cause)).toBe(true)
  })

  it("is a link that is up and brings no events for two of all causes", () => {
    expect(Gap.GapCause.literals.filter((cause) => Gap.isDeaf({ cause }))).toEqual([
      "not_broadcast",
      "not_emitted"
    ])
  })

  it("is there for whatever can end one", () => {
    const tags = new Set(causes.map(([error]) => error._tag))
    for (const [error] of causes) expect(Schema.is(SessionError)(error)).toBe(true)
    expect(tags.size).toBe(LinkError.LinkError.members.length + 2)
  })
})
