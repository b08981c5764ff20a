import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { intermediaries } from "../../support/intermediaries.ts"
import { apiKey, calls, clientAt, type Method, outcome, refusal, server } from "./server.ts"

const methods = Object.keys(calls) as ReadonlyArray<Method> // an object's own keys are its type's

// Real time: some of these calls are repeated after 0.2 and 0.4 s.
describe("EvolutionClient behind an intermediary", () => {
  it.scopedLive.each(intermediaries.map((one) => [one.what, one] as const))(
    "no call believes %s, and each names it",
    ([, { named, ...answer }]) =>
      Effect.gen(function* () {
        const results = yield* Effect.forEach(methods, (method) => outcome(method, answer), {
          concurrency: "unbounded"
        })
        for (const result of results)
          expect(result).toMatchObject({
            _tag: "Left",
            left: {
              _tag: "EvolutionUnavailable",
              status: answer.status,
              message: expect.stringContaining("Something between us and Evolution answers HTTP")
            }
          })
        expect(JSON.stringify(results[0])).toContain(JSON.stringify(named).slice(1, -1))
        expect(JSON.stringify(results)).not.toContain("secret-state")
        const client = yield* clientAt((yield* server(answer)).url)
        expect((yield* Effect.flip(client.ping)).status).toBe(answer.status)
        // The answer has a `Date`, by a clock that is not Evolution's.
        expect(yield* client.clockOffset).toBeNull()
      })
  )

  it.scopedLive("an intermediary's text is quoted without the key that it repeats", () =>
    Effect.gen(function* () {
      const answer = {
        status: 403,
        body: `<title>Blocked: apikey: ${apiKey}</title>`,
        headers: { "content-type": "text/html", server: `waf ${apiKey}`, via: `1.1 ${apiKey}` }
      }
      const text = JSON.stringify(yield* outcome("delete", answer))
      expect(text).toContain("HTTP 403 with HTML")
      expect(text).not.toContain(apiKey)
    })
  )

  it.scopedLive("Evolution's own refusal tells its time", () =>
    Effect.gen(function* () {
      const { url } = yield* server(refusal(401, "Unauthorized"))
      const client = yield* clientAt(url)
      yield* Effect.flip(client.fetchInstances())
      expect((yield* client.clockOffset)?.most).toBeLessThan(30_000)
    })
  )

  // EvolutionAPI/evolution-api#2543 (a trailing space), nginx/nginx#501, serokell/hackage-search#17
  it.scopedLive.each([
    ["a trailing space", "shop-1 ", "shop-1"],
    ["an encoded slash", "a%2Fb", "a/b"],
    ["a percent sign", "50%25", "50%"],
    ["the other form of an accent", "José".normalize("NFD"), "José".normalize("NFC")],
    ["a letter's case", "Shop-1", "shop-1"]
  ] as const)("a 404 about another instance proves nothing: %s", ([, asked, heard]) =>
    Effect.gen(function* () {
      const { url } = yield* server(refusal(404, [`The "${heard}" instance does not exist`]))
      const client = yield* clientAt(url)
      expect(yield* Effect.flip(client.delete(InstanceName.make(asked)))).toMatchObject({
        _tag: "EvolutionUnavailable",
        message: expect.stringContaining("changes the path of the request")
      })
    })
  )

  it.scopedLive("a proxy that takes the key's header away is a refused key", () =>
    Effect.gen(function* () {
      const words = ["Missing global api key", "The global api key must be set"]
      expect(yield* outcome("fetchInstances", refusal(403, words))).toMatchObject({
        left: { _tag: "KeyRefused", message: expect.stringContaining("received no API key") }
      })
    })
  )

  it.scopedLive("a status that is not the body's is an intermediary's", () =>
    Effect.gen(function* () {
      const { body } = refusal(401, "Unauthorized")
      expect(yield* outcome("delete", { status: 404, body })).toMatchObject({
        left: { _tag: "EvolutionUnavailable", status: 404 }
      })
    })
  )
})
