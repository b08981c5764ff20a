import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventNames } from "../../src/Domain/EventName.ts"
import { GapCause } from "../../src/Domain/Gap.ts"
import { outages } from "../../src/Storage/Failure.ts"
import { parse } from "../support/Exposition.ts"
import { apiKey, startService, temporaryDirectory } from "../support/ServiceProcess.ts"

// prometheus/prometheus#1673, #7249, prometheus/client_js#63, prometheus/client_ruby#141, prometheus-net/prometheus-net#278,
// metabase/metabase#52834: increase() of a series whose first value is 1 is 0.
describe("A counter", { timeout: 60_000 }, () => {
  it.scopedLive("is there with 0 for each value of its label, before the first event", () =>
    Effect.gen(function* () {
      const { url } = yield* startService({
        EVOLUTION_API_URL: "http://127.0.0.1:9",
        EVOLUTION_API_KEY: "any",
        DATA_DIR: yield* temporaryDirectory
      })
      const text = yield* Effect.promise(async () =>
        (await fetch(`${url}/metrics`, { headers: { apikey: apiKey } })).text()
      )
      const families = parse(text)
      const zeros = (name: string, label: string) =>
        families
          .get(`evolution_listener_${name}`)
          ?.samples.filter(({ value }) => value === 0)
          .map(({ labels }) => labels[label])
      expect(zeros("gaps_opened_total", "cause")?.sort()).toEqual([...GapCause.literals].sort())
      expect(zeros("commit_failures_total", "reason")?.sort()).toEqual([...outages].sort())
      expect(zeros("dials_total", "outcome")).toContain("up")
      expect(zeros("events_committed_total", "event")).toEqual(
        expect.arrayContaining([...eventNames])
      )
      for (const [name, { samples, type }] of families)
        if (type === "counter" && !name.includes("http_requests"))
          expect(samples.length, name).toBeGreaterThan(0)
    })
  )
})
