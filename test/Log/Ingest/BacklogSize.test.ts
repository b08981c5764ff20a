import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Redacted } from "effect"
import { jsonText } from "../../support/jsonText.ts"
import { bytesOf, taken } from "./Line.ts"

describe("The size of a waiting event", () => {
  it.scoped("counts two bytes for each character of a text beyond Latin-1, as V8 does", () =>
    Effect.gen(function* () {
      const size = (text: string) => bytesOf(taken(jsonText(JSON.stringify(text))))
      const narrow = yield* size("é".repeat(100_000))
      const wide = yield* size(`${"é".repeat(99_999)}世`)
      expect(narrow).toBeGreaterThan(100_000)
      expect(wide / narrow).toBeCloseTo(2, 1)
    })
  )

  it.scoped("includes the extra fields and the image of a QR code", () =>
    Effect.gen(function* () {
      const text = "x".repeat(100_000)
      const qrcode = { code: "2@code", base64: text }
      const lifeCycle = Redacted.make({ event: "qrcode.updated" as const, data: { qrcode } })
      const sizes = [
        yield* bytesOf(taken("0", { extra: jsonText(JSON.stringify(text)) })),
        yield* bytesOf(taken("0", { lifeCycle }))
      ]
      for (const size of sizes) expect(size).toBeGreaterThan(100_000)
    })
  )

  it.scoped("includes a fixed cost for short events, and the payload of quarantined events", () =>
    Effect.gen(function* () {
      const aside = { instance: null, event: "call", reason: "why", receivedAt: 0 }
      const sizes = [
        yield* bytesOf(taken("0")),
        yield* bytesOf(Either.left({ ...aside, json: jsonText("null") })),
        yield* bytesOf(
          Either.left({ ...aside, json: jsonText(JSON.stringify("x".repeat(10_000))) })
        )
      ]
      for (const size of sizes) expect(size).toBeGreaterThan(100)
      expect(sizes[2]).toBeGreaterThan(10_000)
    })
  )
})
