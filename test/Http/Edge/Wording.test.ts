import { HttpApiError } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { CreateInstance } from "../../../src/Http/Api/Instances.ts"
import { KeyWanted } from "../../../src/Http/Api/Keys.ts"
import { house, serve } from "../Service.ts"

/** The messages that Effect gives to a value that does not decode. */
const messagesOf = <A, I>(schema: Schema.Schema<A, I>, value: unknown) =>
  Schema.decodeUnknown(schema)(value).pipe(
    Effect.flip,
    Effect.flatMap(HttpApiError.HttpApiDecodeError.fromParseError),
    Effect.map(({ issues }) => issues.map(({ message }) => message))
  )

describe("Effect's messages about a request that does not decode", () => {
  it.effect("have the wording that Edge rewrites: adapt withoutValues if this fails", () =>
    Effect.gen(function* () {
      expect(yield* messagesOf(CreateInstance, "sesame")).toEqual([
        'Expected CreateInstance, actual "sesame"'
      ])
      expect(yield* messagesOf(CreateInstance, { name: "shop", number: 7 })).toEqual([
        "Expected string, actual 7",
        "Expected undefined, actual 7"
      ])
      const wanted = { name: "till", scope: "read", expiresAt: "sesame" }
      expect(yield* messagesOf(KeyWanted, wanted)).toEqual([
        'Unable to decode "sesame" into a DateTime.Utc',
        'Expected undefined, actual "sesame"'
      ])
    })
  )

  it.scoped("reach callers without the values that were sent", () =>
    Effect.gen(function* () {
      const { post } = yield* serve(house())
      const messageOf = (path: string, body: unknown) =>
        Effect.map(post(path, JSON.stringify(body)), ({ json, text }) => {
          expect(text).not.toContain("sesame")
          return Schema.decodeUnknownSync(Schema.Struct({ message: Schema.String }))(json).message
        })
      expect(yield* messageOf("/instances", "sesame")).toBe("Expected an object")
      expect(yield* messageOf("/instances", { name: "shop", number: 7 })).toBe(
        "number: Expected string"
      )
      const wanted = { name: "till", scope: "read", expiresAt: "sesame" }
      expect(yield* messageOf("/keys", wanted)).toBe("expiresAt: Expected a DateTime.Utc")
    })
  )
})
