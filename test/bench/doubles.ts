/** Results of a run, for the bench's tests. */
import type { Measured, Result, Row } from "./result.ts"
import type { Rate } from "./throughput.ts"

export const rate = (eventsPerSecond: number): Rate => ({
  eventsPerSecond,
  ownMicros: 10,
  databaseMicros: Number.NaN
})

export const row = (...values: ReadonlyArray<number>): Row => ({
  name: "a name",
  what: "what it does",
  rates: values.map(rate)
})

export const measured = (found: Partial<Measured>): Measured => ({
  rows: {},
  footprints: {},
  returns: {},
  ...found
})

export const result = (
  found: Partial<Measured>,
  failures: Record<string, string> = {}
): Result => ({
  date: "2026-01-02",
  seconds: 300,
  machine: {
    cpu: "A processor",
    cores: 2,
    memoryGiB: 8,
    system: "linux x64",
    node: "v20.19.0",
    load: 0.25,
    packages: {},
    commit: "abc1234"
  },
  postgres: { version: "15.1", settings: { synchronous_commit: "on" } },
  measured: measured(found),
  failures
})
