import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { fileOf, startedOn } from "../../Delivery/EndpointsFile/House.ts"
import { freshSchemaUrl } from "../../support/databases.ts"
import { temporaryDirectory } from "../../support/ServiceProcess.ts"
import { foundWith } from "./found.ts"

const hook = (name: string) => ({
  name,
  target: { type: "webhook", url: `https://${name}.example.com/` }
})
const file = (...endpoints: ReadonlyArray<object>) => fileOf(JSON.stringify({ endpoints }))

const testDatabaseUrl = process.env.TEST_DATABASE_URL ?? ""

const evolution = {
  EVOLUTION_API_URL: "http://127.0.0.1:9",
  EVOLUTION_API_KEY: "key-of-evolution"
}
const keys = {
  API_KEY: "a-key-of-the-callers",
  ENCRYPTION_KEY: "an-encryption-key-of-32-characters"
}

const about = (lines: ReadonlyArray<string>) => lines.filter((line) => line.includes("endpoint"))

describe("a check of the file of endpoints", { timeout: 30_000 }, () => {
  it.scopedLive("says nothing where there is none", () =>
    Effect.gen(function* () {
      expect(about((yield* foundWith(evolution)).lines)).toEqual([])
    })
  )

  it.scopedLive("has a line for each mistake, and fails", () =>
    Effect.gen(function* () {
      const ENDPOINTS_FILE = yield* fileOf(
        'endpoints:\n  - name: n8n\n    target: { type: webhook, url: "ftp://sesame" }\n    secret: sesame\n'
      )
      const { lines } = yield* foundWith({ ...evolution, ENDPOINTS_FILE })
      expect(about(lines)).toEqual([
        expect.stringMatching(
          /^FAILED {3}endpoints: ENDPOINTS_FILE: line 3: endpoints\[0]\.target\.url: /
        ),
        expect.stringMatching(
          /^FAILED {3}endpoints: ENDPOINTS_FILE: line 4: endpoints\[0]\.secret: /
        )
      ])
      expect(lines.join("\n")).not.toContain("sesame")
      const away = join(yield* temporaryDirectory, "away.yaml")
      expect(about((yield* foundWith({ ...evolution, ENDPOINTS_FILE: away })).lines)).toEqual([
        `FAILED   endpoints: ENDPOINTS_FILE: Cannot read "${away}" (ENOENT)`
      ])
    })
  )

  it.scopedLive("names variables that are not set, before there is a database", () =>
    Effect.gen(function* () {
      const ENDPOINTS_FILE = yield* file({
        name: "crm",
        target: { type: "nats", url: { env: "DELIVERY_CRM" } }
      })
      expect(about((yield* foundWith({ ...evolution, ENDPOINTS_FILE })).lines)).toEqual([
        "ok       endpoints: 1 in ENDPOINTS_FILE, which is well-formed",
        'warning  endpoints: line 1: endpoints[0].target.url: DELIVERY_CRM is not set, so nothing can be sent to "crm"'
      ])
    })
  )

  it.scopedLive.skipIf(testDatabaseUrl === "")(
    "tells the state of each endpoint, and writes nothing",
    () =>
      Effect.gen(function* () {
        const DATABASE_URL = yield* freshSchemaUrl(testDatabaseUrl)
        const statesOf = (ENDPOINTS_FILE: string) =>
          Effect.map(
            foundWith({ ...evolution, ...keys, DATABASE_URL, ENDPOINTS_FILE }),
            ({ lines }) => about(lines).slice(1)
          )
        const first = yield* file(hook("a"), hook("b"))
        // The tables are not there yet.
        const made = [
          'ok       endpoint "a": the next start makes it',
          'ok       endpoint "b": the next start makes it'
        ]
        expect(yield* statesOf(first)).toEqual(made)
        expect(yield* statesOf(first)).toEqual(made)
        yield* startedOn(DATABASE_URL, first, keys)
        const next = yield* file({ ...hook("a"), events: ["call"] }, hook("c"))
        expect(yield* statesOf(next)).toEqual([
          'ok       endpoint "a": the next start changes it; it goes on where it is',
          'ok       endpoint "c": the next start makes it',
          'warning  endpoint "b": the file does not have it any more: the next start disables it'
        ])
        yield* startedOn(DATABASE_URL, next, keys)
        expect(yield* statesOf(first)).toEqual([
          'ok       endpoint "a": the next start changes it; it goes on where it is',
          'ok       endpoint "b": the next start enables it again; it goes on where it was',
          'warning  endpoint "c": the file does not have it any more: the next start disables it'
        ])
      })
  )
})
