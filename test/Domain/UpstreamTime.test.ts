import { describe, expect, it } from "@effect/vitest"
import { Option } from "effect"
import { isUpstreamTime } from "../../src/Domain/Event/UpstreamTime.ts"
import { upstreamAt } from "../../src/Domain/Event.ts"

/** The wall clock of a zone as Evolution writes it: `new Date(Date.now() - offset).toISOString()`. */
const wallClock = (timeZone: string, at: number): string => {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit"
  }).formatToParts(at)
  const part = (wanted: string) => parts.find(({ type }) => type === wanted)?.value ?? ""
  const millis = String(at % 1000).padStart(3, "0")
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}.${millis}Z`
}

const second = 1000
const minute = 60 * second

const noon = Date.UTC(2026, 10, 23, 12, 34, 56, 789)

/** `late`: from Evolution to us, in ms. `ahead`: our clock, of Evolution's. */
const heard = (timeZone: string, { ahead = 0, late = 80, at = noon, origin = "live" } = {}) =>
  Option.getOrNull(
    upstreamAt({
      upstreamTime: wallClock(timeZone, at),
      receivedAt: at + late + ahead,
      origin
    })
  )

describe("Evolution's time", () => {
  it("has the form of an ISO time with milliseconds, and nothing around it", () => {
    expect(isUpstreamTime("2026-11-23T09:34:56.789Z")).toBe(true)
    for (const text of ["x2026-11-23T09:34:56.789Z", "2026-11-23T09:34:56.789Z ", "2026-11-23"])
      expect(isUpstreamTime(text), text).toBe(false)
  })

  it("is known in UTC up to 30 s late", () => {
    expect(heard("UTC", { late: 30_000 })).toBe(noon)
    expect(heard("UTC", { late: 30_001 })).toBeNull()
  })
})

describe("Evolution's time in UTC", () => {
  // EvolutionAPI/evolution-api: the image sets TZ=America/Sao_Paulo.
  it.each([
    ["America/Sao_Paulo", "2026-11-23T09:34:56.789Z"],
    ["Asia/Kolkata", "2026-11-23T18:04:56.789Z"],
    ["Asia/Kathmandu", "2026-11-23T18:19:56.789Z"],
    ["UTC", "2026-11-23T12:34:56.789Z"],
    ["Pacific/Kiritimati", "2026-11-24T02:34:56.789Z"],
    ["America/St_Johns", "2026-11-23T09:04:56.789Z"]
  ])("is known from a live event of a host in %s", (zone, local) => {
    expect(wallClock(zone, noon)).toBe(local)
    expect(heard(zone)).toBe(noon)
  })

  it("is known in every zone of the world, in summer and in winter", () => {
    const wrong = Intl.supportedValuesOf("timeZone").filter((zone) =>
      [Date.UTC(2026, 0, 15, 7), Date.UTC(2026, 6, 15, 7)].some((at) => heard(zone, { at }) !== at)
    )
    expect(wrong).toEqual([])
  })

  it.each([
    ["begins", "America/New_York", Date.UTC(2026, 2, 8, 7)],
    ["ends", "America/New_York", Date.UTC(2026, 10, 1, 6)],
    ["ends by half an hour", "Australia/Lord_Howe", Date.UTC(2026, 3, 4, 15)]
  ])("goes on without a step when summer time %s", (_, zone, change) => {
    for (const at of [change - minute, change - 1, change, change + 1, change + minute])
      expect(heard(zone, { at })).toBe(at)
  })

  it.each([
    ["a clock that is 20 s ahead of ours", { ahead: -20 * second }, noon],
    ["a clock that is 20 s behind ours", { ahead: 20 * second }, noon],
    ["a clock that is 4 min ahead of ours", { ahead: -4 * minute }, null],
    ["a clock that is 4 min behind ours", { ahead: 4 * minute }, null],
    ["an event that was 29 s late", { late: 29 * second }, noon],
    ["an event that was 31 s late", { late: 31 * second }, null],
    ["an event that was 10 min late", { late: 10 * minute }, null],
    ["an event that was a quarter of an hour late", { late: 15 * minute }, null],
    ["an event that was three quarters of an hour late", { late: 45 * minute }, null],
    ["an event that was a day late", { late: 24 * 60 * minute }, null],
    ["an event of an import", { origin: "import" }, null],
    ["an event of back-fill", { origin: "backfill" }, null]
  ])("is right or not told with %s", (_, conditions, expected) => {
    expect(heard("America/Sao_Paulo", conditions)).toBe(expected)
  })

  it.each([
    ["no time", null],
    ["a text that is no time", "yesterday"],
    ["a time that does not exist", "2026-11-23T25:61:00.000Z"],
    ["a time without the false Z", "2026-11-23T09:34:56.789"]
  ])("is not told for an event with %s", (_, upstreamTime) => {
    expect(upstreamAt({ upstreamTime, receivedAt: noon, origin: "live" })).toEqual(Option.none())
  })
})
