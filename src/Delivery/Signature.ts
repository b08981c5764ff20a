/**
 * Signatures of webhooks, as Standard Webhooks 1.0 has them (v1):
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac, createSecretKey, randomBytes } from "node:crypto"
import { Effect, Either, Redacted } from "effect"

const prefix = "whsec_"
const [fewest, most] = [24, 64]

/** A new secret, such as `whsec_…`: 32 random bytes. */
export const generate: Effect.Effect<Redacted.Redacted> = Effect.sync(() =>
  Redacted.make(prefix + randomBytes(32).toString("base64"))
)

/** The key in a secret, or what is wrong with it. The words never repeat it. */
const keyOf = (secret: string): Either.Either<Buffer, string> => {
  const wrong = (why: string) => Either.left(`Expected ${why}`)
  // Node ignores what is no base64: a key could become so short that it can be guessed.
  if (!secret.startsWith(prefix))
    return wrong(
      `a secret that begins with "${prefix}"${/^v1a?,/.test(secret) ? ', without "v1," before it' : ""}`
    )
  const text = secret.slice(prefix.length)
  const key = Buffer.from(text, "base64")
  if (key.toString("base64").replace(/=+$/, "") !== text.replace(/={0,2}$/, ""))
    return wrong(`base64 after "${prefix}"`)
  if (key.length < fewest || key.length > most)
    return wrong(`the base64 text of ${fewest} to ${most} bytes after "${prefix}"`)
  return Either.right(key)
}

/** A secret that a person brings, or what is wrong with it. */
export const parse = (secret: string): Either.Either<Redacted.Redacted, string> =>
  Either.map(keyOf(secret), () => Redacted.make(secret))

/** The value of `webhook-signature`. `timestamp`: seconds since 1970 UTC. `body`: the bytes that are sent. */
export type Sign = (id: string, timestamp: number, body: Uint8Array) => string

/** Signs with each of the secrets: while one replaces another, receivers have either. */
export const signer = (secrets: ReadonlyArray<Redacted.Redacted>): Either.Either<Sign, string> =>
  Either.map(Either.all(secrets.map((secret) => keyOf(Redacted.value(secret)))), (keys) => {
    const known = keys.map((key) => createSecretKey(key))
    return (id, timestamp, body) =>
      known
        .map((key) => {
          const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body)
          return `v1,${hmac.digest("base64")}`
        })
        .join(" ")
  })
