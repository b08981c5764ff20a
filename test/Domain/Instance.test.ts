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

import { directions, impossible, names } from "../support/names.ts"

const utc = DateTime.unsafeMake

describe("InstanceName", () => {
  it.each([...names, ...directions])("is %j, as it is", (name) => {
    expect(Schema.decodeSync(InstanceName)(name)).toBe(name)
  })

  it.each(impossible)("is not %j", (name) => {
    expect(isInstanceName(name)).toBe(false)
  })

  it("says which names there are when it refuses one", () => {
    const refused = Either.flip(Schema.decodeEither(InstanceName)(""))
    expect(String(Either.getOrThrow(refused))).toContain("An instance name has 1 to 255 characters")
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
