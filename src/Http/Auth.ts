/** Authorization: checks keys, and tokens that stand for one. */
import { timingSafeEqual } from "node:crypto"
import { HttpServerRequest } from "@effect/platform"
import { Effect, Layer, Option, type Redacted } from "effect"
import { KeyStore } from "../Access/KeyStore.ts"
import { InstanceName } from "../Domain/Instance.ts"
import { type Caller, hashOf } from "../Domain/Key.ts"
import { Authorization, PairingAuthorization, Unauthorized } from "./Api.ts"
import { ApiKey } from "./ApiKey.ts"
import { Tokens } from "./Auth/Tokens.ts"
import { Tries } from "./Auth/Tries.ts"

const everything = { id: null, scope: "admin", instances: null } as const

const callers = Layer.effect(
  Authorization,
  Effect.map(Effect.all([ApiKey, KeyStore, Tokens, Tries]), ([apiKey, keys, tokens, tries]) => {
    const expected = Buffer.from(hashOf(apiKey))
    /** Compares hashes, so that the time of the comparison reveals nothing of a key. */
    const identify = (given: Redacted.Redacted): Effect.Effect<Option.Option<Caller["Type"]>> =>
      Effect.gen(function* () {
        if (timingSafeEqual(Buffer.from(hashOf(given)), expected))
          return Option.some({ ...everything, name: "API_KEY" })
        const key = yield* keys.find(given)
        if (Option.isSome(key)) return key
        const session = yield* Effect.option(tokens.verify("session", given))
        return Option.as(session, { ...everything, name: "sign-in link" })
      })
    const check = (given: Redacted.Redacted) =>
      Effect.gen(function* () {
        const caller = yield* identify(given)
        if (Option.isSome(caller)) return caller.value
        const request = yield* HttpServerRequest.HttpServerRequest
        yield* tries.failed(request, given)
        return yield* new Unauthorized({
          message: 'Cannot let you in: send the key as "apikey: …" or "Authorization: Bearer …"'
        })
      })
    return { apikey: check, bearer: check }
  })
)

const guests = Layer.effect(
  PairingAuthorization,
  Effect.map(Effect.all([Tokens, Tries]), ([tokens, tries]) => ({
    bearer: (given: Redacted.Redacted) =>
      Effect.catchAll(
        Effect.map(tokens.verify("pairing", given), ({ expiresAt, subject }) => ({
          // The token is signed by us, and only for valid names.
          instance: InstanceName.make(subject),
          expiresAt
        })),
        () =>
          Effect.zipRight(
            Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
              tries.failed(request, given)
            ),
            new Unauthorized({ message: "This link is not valid any more" })
          )
      )
  }))
)

export const layer = Layer.merge(callers, guests).pipe(Layer.provide(Tries.layer))
