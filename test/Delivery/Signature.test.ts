import { createHmac } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Redacted } from "effect"
import * as Signature from "../../src/Delivery/Signature.ts"

const secretOf = (bytes: number, fill = 7) =>
  `whsec_${Buffer.alloc(bytes, fill).toString("base64")}`

const signed = (secrets: ReadonlyArray<string>, id: string, at: number, body: string) =>
  Either.getOrThrow(Signature.signer(secrets.map((secret) => Redacted.make(secret))))(
    id,
    at,
    Buffer.from(body)
  )

describe("A signature", () => {
  it("is that of the example in Standard Webhooks", () => {
    const example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    expect(
      signed([example], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}')
    ).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  })

  it("is over id, time and body, and has one part for each secret", () => {
    const secrets = [secretOf(32, 1), secretOf(24, 2)]
    const parts = [1, 2].map((fill, nth) => {
      const key = Buffer.alloc(nth === 0 ? 32 : 24, fill)
      return `v1,${createHmac("sha256", key).update('evt_1.17.{"ç":"🎂"}').digest("base64")}`
    })
    expect(signed(secrets, "evt_1", 17, '{"ç":"🎂"}')).toBe(parts.join(" "))
  })
})

describe("A secret", () => {
  it.effect("is made of 32 random bytes, and can be read back", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* Signature.generate, yield* Signature.generate]
      expect(Redacted.value(one)).toMatch(/^whsec_[\w+/]{43}=$/)
      expect(Redacted.value(one)).not.toBe(Redacted.value(other))
      expect(Signature.parse(Redacted.value(one))).toEqual(Either.right(one))
    })
  )

  it("may have 24 to 64 bytes, with the padding of base64 or without", () => {
    for (const text of [secretOf(24), secretOf(64), secretOf(32), secretOf(32).replace("=", "")])
      expect(Either.isRight(Signature.parse(text)), text).toBe(true)
  })

  it("is refused with what is expected, and never repeated", () => {
    const begins = 'Expected a secret that begins with "whsec_"'
    const base64 = 'Expected base64 after "whsec_"'
    const bytes = 'Expected the base64 text of 24 to 64 bytes after "whsec_"'
    const wrong = [
      ["", begins],
      ["my-secret-of-many-characters-0123456789", begins],
      [secretOf(32).slice(6), begins],
      ["polar_whs_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", begins],
      [`v1,${secretOf(32)}`, `${begins}, without "v1," before it`],
      // Node reads these as keys of 0 to 3 bytes.
      ["whsec_!!!!", base64],
      ["whsec_xyz!", base64],
      [`whsec_${"-_".repeat(20)}`, base64],
      [`${secretOf(32)} `, base64],
      [`${secretOf(32)}\n`, base64],
      ["whsec_", bytes],
      [secretOf(23), bytes],
      [secretOf(65), bytes]
    ] as const
    for (const [text, why] of wrong) expect(Signature.parse(text), text).toEqual(Either.left(why))
  })

  it("that is wrong keeps all from being signed", () => {
    const secrets = [secretOf(32), "whsec_!!!!"].map((text) => Redacted.make(text))
    expect(Either.isLeft(Signature.signer(secrets))).toBe(true)
  })
})
