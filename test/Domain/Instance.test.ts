import { describe, expect, it } from "@effect/vitest"
import { DateTime, Either, Schema } from "effect"
import {
  currentQr,
  InstanceName,
  isInstanceName,
  isTrial,
  nothingObserved,
  trialName
} from "../../src/Domain/Instance.ts"

const utc = DateTime.unsafeMake

describe("InstanceName", () => {
  it("is a name that a namespace and a URL carry unencoded", () => {
    for (const name of ["a", "Loja-1_B", "x".repeat(100)]) expect(isInstanceName(name)).toBe(true)
    for (const name of ["", "a b", "a,b", "a?b", "á", "a/b", "a\n", "x".repeat(101)])
      expect(isInstanceName(name), name).toBe(false)
  })

  it("says which names there are when it refuses one", () => {
    const refused = Either.flip(Schema.decodeEither(InstanceName)("a b"))
    expect(String(Either.getOrThrow(refused))).toContain(
      'An instance name has 1 to 100 letters, digits, "_" or "-"'
    )
  })

  it("tells the instances of a check from all others", () => {
    expect(trialName("a1")).toBe("evolution-listener-check-a1")
    expect([isTrial(trialName("a1")), isTrial(`my-${trialName("a1")}`), isTrial("shop")]).toEqual([
      true,
      false,
      false
    ])
  })
})

describe("currentQr", () => {
  const qr = {
    code: "2@code",
    base64: null,
    pairingCode: null,
    sequence: 1,
    receivedAt: utc(0),
    expiresAt: utc(45_000)
  }

  it("gives the code until the moment at which it expires", () => {
    const observed = { ...nothingObserved, qr }
    expect(currentQr(observed, utc(44_999))).toBe(qr)
    expect(currentQr(observed, utc(45_000))).toBeNull()
    expect(currentQr(nothingObserved, utc(0))).toBeNull()
  })
})
