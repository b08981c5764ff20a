/**
 * Tokens that stand for the key for one purpose and a limited time: JSON Web Tokens, signed with a secret
 * that is derived from the key. A new key makes all of them void.
 */
import { hkdfSync } from "node:crypto"
import { Context, Data, DateTime, type Duration, Effect, Layer, Redacted } from "effect"
import { jwtVerify, SignJWT } from "jose"
import { ApiKey } from "../../Access/ApiKey.ts"

/**
 * `session` permits everything that the key does, `pairing` the codes of one instance, `stream` to stream the
 * events that a key may see.
 */
export type Purpose = "session" | "pairing" | "stream"

export interface Issued {
  readonly token: string
  readonly expiresAt: DateTime.Utc
}

/** The token is forged, for another purpose, or expired; callers are not told which. */
export class TokenRefused extends Data.TaggedError("TokenRefused") {}

export class Tokens extends Context.Tag("evolution-listener/Tokens")<
  Tokens,
  {
    readonly issue: (
      purpose: Purpose,
      subject: string,
      lifetime: Duration.Duration
    ) => Effect.Effect<Issued>
    readonly verify: (
      purpose: Purpose,
      token: Redacted.Redacted
    ) => Effect.Effect<{ readonly subject: string; readonly expiresAt: DateTime.Utc }, TokenRefused>
  }
>() {
  static readonly layer = Layer.effect(
    Tokens,
    Effect.suspend(() => make)
  )
}

const algorithm = "HS256"

const make = Effect.gen(function* () {
  const key = Redacted.value(yield* ApiKey)
  const secret = new Uint8Array(hkdfSync("sha256", key, "", "evolution-listener tokens", 32))
  return Tokens.of({
    issue: (purpose, subject, lifetime) =>
      Effect.gen(function* () {
        const now = yield* DateTime.now
        // The claim `exp` is in whole seconds.
        const seconds = Math.floor(
          DateTime.toEpochMillis(DateTime.addDuration(now, lifetime)) / 1000
        )
        const token = yield* Effect.promise(() =>
          new SignJWT()
            .setProtectedHeader({ alg: algorithm })
            .setAudience(purpose)
            .setSubject(subject)
            .setExpirationTime(seconds)
            .sign(secret)
        )
        return { token, expiresAt: DateTime.unsafeMake(seconds * 1000) }
      }),
    verify: (purpose, token) =>
      Effect.gen(function* () {
        const currentDate = DateTime.toDate(yield* DateTime.now)
        const { payload } = yield* Effect.tryPromise({
          try: () =>
            jwtVerify<{ readonly sub: string; readonly exp: number }>(
              Redacted.value(token),
              secret,
              {
                algorithms: [algorithm],
                audience: purpose,
                requiredClaims: ["sub", "exp"],
                currentDate
              }
            ),
          catch: () => new TokenRefused()
        })
        return { subject: payload.sub, expiresAt: DateTime.unsafeMake(payload.exp * 1000) }
      })
  })
})
