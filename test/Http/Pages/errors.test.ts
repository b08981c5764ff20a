import { describe, expect, it } from "@effect/vitest"
import { troublesOf } from "../../../src/Http/Pages/errors.js"
import { error, status, waiting } from "./statuses.ts"

describe("the recent troubles", () => {
  const gap = {
    id: "0190c1a8-7a0e-7c3e-8e5f-1b2c3d4e5f60",
    instance: "loja",
    from: "2026-01-02T03:00:00.000Z",
    to: "2026-01-02T03:05:00.000Z",
    cause: "heartbeat_missed",
    recovered: true,
    fetched: 12,
    fetchedUntil: null,
    clockOffset: null,
    retryAt: null,
    note: null,
    reason: null,
    limit: null
  } as const

  it("are empty while all is well", () => {
    expect(troublesOf(status(), [])).toEqual([])
  })

  it("begin with the error that keeps the link down", () => {
    const [first] = troublesOf(status({}, { listener: waiting }), [gap])
    expect(first).toMatchObject({ title: "Our link", detail: error.message, tone: "bad" })
  })

  it("list each gap with its cause, its verdict, the number of fetched messages and the note", () => {
    const note = "Evolution stores no messages"
    const troubles = troublesOf(status(), [
      { ...gap, to: null, recovered: null, fetched: 0 },
      { ...gap, recovered: null, fetched: 1 },
      { ...gap, recovered: false, fetched: 0, note },
      gap
    ])
    expect(troubles.map(({ chip, tone }) => `${chip} ${tone}`)).toEqual([
      "Open bad",
      "Being looked into busy",
      "Not recovered bad",
      "Recovered good"
    ])
    expect(troubles.map(({ detail }) => detail)).toEqual([
      "",
      "1 message fetched again",
      note,
      "12 messages fetched again"
    ])
    expect(new Set(troubles.map(({ title }) => title))).toEqual(
      new Set(["The heartbeat was missed"])
    )
    expect(troubles[0]?.when).toMatch(/^since /)
    expect(troubles[3]?.when).toMatch(/ to /)
  })

  it("show an unknown cause as it is", () => {
    const [trouble] = troublesOf(status(), [{ ...gap, cause: "struck_by_lightning" as never }])
    expect(trouble?.title).toBe("struck_by_lightning")
  })
})
