import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  apiKey,
  calls,
  clientAt,
  json,
  type Method,
  name,
  outcome,
  refusal,
  server,
  token
} from "./server.ts"

const inBase64 = Buffer.from(`user:${apiKey}`).toString("base64")
const code = `2@${"a1B/".repeat(11)},${"c".repeat(44)}`

describe("the words of a refusal", () => {
  it.scopedLive.each<readonly [string, Method, number, string]>([
    ["the key", "delete", 400, `wrong key ${apiKey}`],
    ["the key in a header", "restart", 500, `Authorization: Basic ${inBase64}`],
    ["the key in an address", "logout", 403, `/instance?apikey=${encodeURIComponent(apiKey)}`],
    ["the token we gave", "create", 400, `hash ${token} is taken`],
    ["a code", "connect", 400, `still shows ${code}`],
    ["media's key", "findMessages", 500, `cannot decrypt "mediaKey":"abc+/="`],
    ["a proxy's password", "findWebSocket", 404, "via http://proxy:pass-word@10.0.0.1:3128"],
    ["a key beyond what we show", "setWebSocket", 400, `${"x".repeat(490)}${apiKey}`],
    ["a licence's key", "connectionState", 503, `licenseKey=${apiKey}`]
  ])("a refusal's words are given without %s", ([, method, status, words]) =>
    Effect.gen(function* () {
      for (const answer of [{ status, body: words }, refusal(status, [[words]])]) {
        const result = yield* outcome(method, answer)
        const text = JSON.stringify(result)
        for (const secret of [apiKey, token, inBase64, code, "abc+/=", "pass-word"])
          expect(text).not.toContain(secret)
        // Of an intermediary's text, 80 characters are quoted.
        if (words.length < 100 || answer.body !== words) expect(text).toContain("[redact")
      }
    })
  )

  it.scopedLive("a refusal's words may be nested deeply", () =>
    Effect.gen(function* () {
      const body = `${"[".repeat(50_000)}"${apiKey}"${"]".repeat(50_000)}`
      const result = yield* outcome("delete", { status: 400, body })
      expect(result).toMatchObject({ _tag: "Left", left: { _tag: "EvolutionUnavailable" } })
    })
  )
})

describe("a decoded answer", () => {
  it.scopedLive("a decoded answer keeps its codes, and a repeated key is blotted", () =>
    Effect.gen(function* () {
      const { url } = yield* server(json(200, { code, base64: "x", pairingCode: apiKey }))
      const client = yield* clientAt(url)
      expect(yield* calls.connect(client)).toMatchObject({ code, pairingCode: "[redacted]" })
    })
  )

  it.scopedLive("a decoded answer stays valid where a key looks like part of an escape", () =>
    Effect.gen(function* () {
      const { url } = yield* server(json(200, [{ name, profileName: "a\nbcdef-12345" }]))
      const client = yield* clientAt(url, "nbcdef-12345")
      expect(yield* calls.fetchInstances(client)).toMatchObject([{ profileName: "a\nbcdef-12345" }])
    })
  )
})
