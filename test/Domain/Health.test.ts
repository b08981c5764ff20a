import { describe, expect, it } from "@effect/vitest"
import { Either, Schema } from "effect"
import { NotLive, NotReady } from "../../src/Domain/Health.ts"

const crossed = <A, I>(schema: Schema.Schema<A, I>, answer: A) => {
  const json = Schema.parseJson(schema)
  return Schema.decodeSync(json)(Schema.encodeSync(json)(answer))
}

describe("an answer about health", () => {
  it.each(["loop", "writer"] as const)("says over HTTP why only a restart helps: %s", (reason) => {
    const answer = new NotLive({ reason, message: "why" })
    expect(crossed(NotLive, answer)).toMatchObject({ _tag: "NotLive", reason, message: "why" })
  })

  it.each([
    "database_unavailable",
    "database_read_only",
    "database_full",
    "queue_full",
    "schema_differs"
  ] as const)("says over HTTP why a restart does not help: %s", (reason) => {
    const answer = new NotReady({ reason, message: "why" })
    expect(crossed(NotReady, answer)).toMatchObject({ _tag: "NotReady", reason, message: "why" })
  })

  it("is either about the process or about what it lacks", () => {
    const decode = Schema.decodeUnknownEither(NotLive)
    const lacks = { _tag: "NotLive", reason: "schema_differs", message: "why" }
    expect(Either.isLeft(decode(lacks))).toBe(true)
  })
})
