import { describe, expect, it } from "@effect/vitest"
import { linesOf, type Surroundings } from "./announce.ts"

const whole: Surroundings = {
  workers: 3,
  databaseUrl: "postgres://keeper:sesame@db:5432/test?options=-c%20search_path%3Da",
  browser: "/usr/bin/chromium",
  hasPgDump: true,
  hasPostgresBinaries: true,
  hasPromtool: true,
  withoutBrokers: [],
  withoutServers: [],
  withoutLanguages: []
}

const bare: Surroundings = {
  workers: undefined,
  databaseUrl: undefined,
  browser: undefined,
  hasPgDump: true,
  hasPostgresBinaries: false,
  hasPromtool: false,
  withoutBrokers: ["NATS (TEST_NATS_URL)"],
  withoutServers: ["nats-server"],
  withoutLanguages: ["PHP"]
}

describe("the announcement of a test run", () => {
  it("names workers, Postgres and browser, and no password", () => {
    expect(linesOf(whole)).toEqual([
      "Workers: 3",
      "Postgres: db:5432/test, and the embedded one",
      "Browser: /usr/bin/chromium"
    ])
  })

  it("names everything that is skipped, with what would run it", () => {
    const lines = linesOf(bare)
    for (const remedy of [
      /TEST_DATABASE_URL/,
      /skipped: install Chromium/,
      /pg_dump/,
      /postgresql/,
      /prometheus/,
      /TEST_NATS_URL/,
      /apt-get install nats-server/
    ])
      expect(
        lines.some((line) => /skipped/i.test(line) && remedy.test(line)),
        remedy.source
      ).toBe(true)
  })

  it("does not print an address that it cannot read", () => {
    const lines = linesOf({ ...whole, databaseUrl: "keeper:sesame" })
    expect(lines.join("\n")).not.toContain("sesame")
  })
})
