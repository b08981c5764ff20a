import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { maxTries, maxTriesOfPeer } from "../../../src/Http/Auth/Tries.ts"
import { house, key, serve } from "../Service.ts"

const serving = serve(house({ all: Effect.succeed([]) }))

describe("wrong keys", () => {
  it.scoped("are counted by address, and get a 429 beyond the limit", () =>
    Effect.gen(function* () {
      const { call } = yield* serving
      const guess = (headers: Readonly<Record<string, string>>) =>
        Effect.map(call("GET", "/instances", { headers }), ({ json, status }) => ({ json, status }))
      for (let count = 1; count <= maxTries; count++) {
        const headers: Readonly<Record<string, string>> =
          count % 2 === 0
            ? { apikey: `guess-${count}` }
            : { apikey: "", authorization: `Bearer guess-${count}` }
        expect((yield* guess(headers)).status, `${count}`).toBe(401)
      }
      for (const headers of [{ apikey: "one more" }, { apikey: "", authorization: "Bearer x" }]) {
        const { json, status } = yield* guess(headers)
        expect(status).toBe(429)
        expect(json).toEqual({
          _tag: "TooManyTries",
          message: expect.stringMatching(
            /^Too many wrong keys came from your address: wait \d+ s$/
          ),
          retryAfterSeconds: expect.any(Number)
        })
      }
      // Whoever has the key is let in all the same: the address may be a proxy's.
      expect((yield* guess({ apikey: key })).status).toBe(200)
    })
  )

  it.scoped("have the same limit at the feed of the pairing page", () =>
    Effect.gen(function* () {
      const { call } = yield* serving
      const follow = Effect.map(
        call("GET", "/pairing/stream", { headers: { apikey: "", authorization: "Bearer x" } }),
        ({ status }) => status
      )
      const statuses = yield* Effect.replicateEffect(follow, maxTries + 1)
      expect(statuses).toEqual([...Array(maxTries).fill(401), 429])
    })
  )

  it.scoped("are counted by what a trusted proxy says, and the proxy's own more generously", () =>
    Effect.gen(function* () {
      const { call } = yield* serving
      const guess = (address: string) => {
        const headers = { apikey: "guess", "x-forwarded-for": address }
        return Effect.map(call("GET", "/instances", { headers }), ({ status }) => status)
      }
      const guesser = yield* Effect.replicateEffect(guess("1.1.1.1, 198.51.100.7"), maxTries + 1)
      expect(guesser.at(-1)).toBe(429)
      expect(yield* guess("198.51.100.8")).toBe(401)
      // A caller that invents an address each time is held up by the bound of the connection's address.
      for (let nth = guesser.length + 2; nth <= maxTriesOfPeer; nth++)
        expect(yield* guess(`203.0.113.${nth}`), `${nth}`).toBe(401)
      expect(yield* guess("203.0.113.250")).toBe(429)
      const right = { apikey: key, "x-forwarded-for": "203.0.113.251" }
      expect((yield* call("GET", "/instances", { headers: right })).status).toBe(200)
    })
  )

  it.scoped("are not counted if a request has no key", () =>
    Effect.gen(function* () {
      const { url } = yield* serving
      const ask = Effect.promise(async () => (await fetch(`${url}/instances`)).status)
      expect(new Set(yield* Effect.replicateEffect(ask, maxTries * 2))).toEqual(new Set([401]))
    })
  )
})
