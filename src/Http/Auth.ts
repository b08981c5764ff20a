/** Who may call: whoever has the key, compared in constant time, or a token that stands for it. */
import { createHash, timingSafeEqual } from "node:crypto"
import { Effect, Layer, Redacted } from "effect"
import { InstanceName } from "../Domain/Instance.ts"
import { Authorization, PairingAuthorization, Unauthorized } from "./Api.ts"
import { ApiKey } from "./ApiKey.ts"
import { Tokens } from "./Tokens.ts"

const digest = (key: Redacted.Redacted): Buffer =>
  createHash("sha256").update(Redacted.value(key)).digest()

const callers = Layer.effect(
  Authorization,
  Effect.map(Effect.all([ApiKey, Tokens]), ([key, tokens]) => {
    const expected = digest(key)
    const check = (given: Redacted.Redacted) =>
      timingSafeEqual(digest(given), expected)
        ? Effect.void
        : Effect.mapError(
            tokens.verify("session", given),
            () =>
              new Unauthorized({
                message:
                  'Cannot let you in: send the key as "apikey: …" or "Authorization: Bearer …"'
              })
          )
    return { apikey: check, bearer: check }
  })
)

const guests = Layer.effect(
  PairingAuthorization,
  Effect.map(Tokens, (tokens) => ({
    bearer: (given: Redacted.Redacted) =>
      Effect.mapBoth(tokens.verify("pairing", given), {
        onFailure: () => new Unauthorized({ message: "This link is not valid any more" }),
        // We signed it, and only for names that are some.
        onSuccess: ({ expiresAt, subject }) => ({ instance: InstanceName.make(subject), expiresAt })
      })
  }))
)

export const layer = Layer.merge(callers, guests)
