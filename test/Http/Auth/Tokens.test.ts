import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted, TestClock } from "effect"
import { decodeJwt, SignJWT, UnsecuredJWT } from "jose"
import { ApiKey } from "../../../src/Access/ApiKey.ts"
import { Tickets } from "../../../src/Access/Tickets.ts"
import { Session } from "../../../src/Http/Auth/Session.ts"
import { Tokens } from "../../../src/Http/Auth/Tokens.ts"

const withKey = (key: string) =>
  Session.layer.pipe(
    Layer.provideMerge(Tokens.layer),
    Layer.provide(Tickets.layerAlone),
    Layer.provide(Layer.succeed(ApiKey, Redacted.make(key)))
  )

const quarter = Duration.minutes(15)
const verify = (token: string, purpose: "session" | "pairing" = "pairing") =>
  Effect.flatMap(Tokens, (tokens) => tokens.verify(purpose, Redacted.make(token)))
const refused = (token: string, purpose: "session" | "pairing" = "pairing") =>
  Effect.map(Effect.flip(verify(token, purpose)), (error) => error._tag)
const issue = Effect.flatMap(Tokens, (tokens) => tokens.issue("pairing", "shop", quarter))

describe("a token", () => {
  it.effect("names its subject until it expires", () =>
    Effect.gen(function* () {
      const { expiresAt, token } = yield* issue
      expect(yield* verify(token)).toEqual({ subject: "shop", expiresAt })
      yield* TestClock.adjust(Duration.subtract(quarter, Duration.millis(1)))
      expect((yield* verify(token)).subject).toBe("shop")
      yield* TestClock.adjust("1 millis")
      expect(yield* refused(token)).toBe("TokenRefused")
    }).pipe(Effect.provide(withKey("key-1")))
  )

  it.effect("is valid for its own purpose alone", () =>
    Effect.gen(function* () {
      const { token } = yield* issue
      expect(yield* refused(token, "session")).toBe("TokenRefused")
    }).pipe(Effect.provide(withKey("key-1")))
  )

  it.effect("is invalid under another key", () =>
    Effect.gen(function* () {
      const { token } = yield* issue
      expect(yield* Effect.provide(refused(token), withKey("key-2"))).toBe("TokenRefused")
    }).pipe(Effect.provide(withKey("key-1")))
  )

  it.effect("is invalid if any part of it was changed", () =>
    Effect.gen(function* () {
      const { token } = yield* issue
      const [header = "", payload = "", signature = ""] = token.split(".")
      const other = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: "other" })).toString(
        "base64url"
      )
      const unsigned = new UnsecuredJWT({ ...decodeJwt(token) }).encode()
      for (const forged of [
        `${header}.${other}.${signature}`,
        `${header}.${payload}.`,
        `${header}.${payload}.${signature.slice(1)}`,
        unsigned,
        "",
        "..",
        "x".repeat(10_000)
      ])
        expect(yield* refused(forged), forged.slice(0, 80)).toBe("TokenRefused")
    }).pipe(Effect.provide(withKey("key-1")))
  )

  it.effect("is not signed with the key itself, so that it does not help to guess the key", () =>
    Effect.gen(function* () {
      const forged = yield* Effect.promise(() =>
        new SignJWT()
          .setProtectedHeader({ alg: "HS256" })
          .setAudience("pairing")
          .setSubject("shop")
          .setExpirationTime(1e10)
          .sign(new TextEncoder().encode("key-1"))
      )
      expect(yield* refused(forged)).toBe("TokenRefused")
    }).pipe(Effect.provide(withKey("key-1")))
  )
})

describe("a sign-in ticket", () => {
  const open = (ticket: Redacted.Redacted) =>
    Effect.flatMap(Session, (session) => session.open(ticket))
  const ticket = Effect.flatMap(Session, (session) => session.ticket)

  it.effect("is exchanged once, for a token of twelve hours", () =>
    Effect.gen(function* () {
      const given = yield* ticket
      const { token } = yield* open(given)
      expect((yield* Effect.flip(open(given)))._tag).toBe("Unauthorized")
      yield* TestClock.adjust("11 hours")
      yield* verify(token, "session")
      yield* TestClock.adjust("1 hours")
      expect(yield* refused(token, "session")).toBe("TokenRefused")
    }).pipe(Effect.provide(withKey("key-1")))
  )

  it.effect("expires after ten minutes, and an invented one is refused", () =>
    Effect.gen(function* () {
      const given = yield* ticket
      yield* TestClock.adjust("10 minutes")
      const [text = "", signature = ""] = Redacted.value(given).split(".")
      for (const forged of ["", "guess", text, `${text}.`, `${text.slice(1)}.${signature}`])
        expect((yield* Effect.flip(open(Redacted.make(forged))))._tag, forged).toBe("Unauthorized")
      for (const one of [given, Redacted.make(""), Redacted.make("guess")])
        expect((yield* Effect.flip(open(one)))._tag).toBe("Unauthorized")
    }).pipe(Effect.provide(withKey("key-1")))
  )

  it.effect("is dropped for newer ones if nobody uses it", () =>
    Effect.gen(function* () {
      const first = yield* ticket
      const rest = yield* Effect.replicateEffect(ticket, 100)
      expect((yield* Effect.flip(open(first)))._tag).toBe("Unauthorized")
      for (const one of rest) yield* open(one)
    }).pipe(Effect.provide(withKey("key-1")))
  )
})
