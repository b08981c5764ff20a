/** Authorization: checks keys, and tokens that stand for one. */
import { timingSafeEqual } from "node:crypto"
import { HttpServerRequest } from "@effect/platform"
import { Effect, Layer, Option, type Redacted } from "effect"
import { ApiKey } from "../Access/ApiKey.ts"
import { hashOf, KeyStore } from "../Access/KeyStore.ts"
import type { Caller, Key } from "../Domain/Key.ts"
import { Authorization, PairingAuthorization, StreamAuthorization, Unauthorized } from "./Api.ts"
import { subjectOf } from "./Auth/Subject.ts"
import { Tokens } from "./Auth/Tokens.ts"
import { Tries } from "./Auth/Tries.ts"
import { Hop } from "./Peers/Hop.ts"

const everything = { id: null, scope: "admin", instances: null, servers: null } as const

const makeCheck = Effect.map(
  Effect.all([ApiKey, KeyStore, Tokens, Tries]),
  ([apiKey, keys, tokens, tries]) => {
    const expected = Buffer.from(hashOf(apiKey))
    type Identify = (given: Redacted.Redacted) => Effect.Effect<Option.Option<Caller["Type"]>>

    /** A key that a replica let in when it sent the request on may be so new that this one does not know it. */
    const found: (given: Redacted.Redacted) => Effect.Effect<Option.Option<Key>> = (given) =>
      Effect.gen(function* () {
        const key = yield* keys.find(given)
        if (Option.isSome(key) || !(yield* Hop).isFromReplica) return key
        yield* keys.refresh
        return yield* keys.find(given)
      })

    /** Compares hashes, so that the time of the comparison reveals nothing of a key. */
    const byKey: Identify = (given) =>
      Effect.gen(function* () {
        if (timingSafeEqual(Buffer.from(hashOf(given)), expected))
          return Option.some({ ...everything, name: "API_KEY" })
        const key = yield* found(given)
        if (Option.isSome(key)) return key
        const session = yield* Effect.option(tokens.verify("session", given))
        return Option.as(session, { ...everything, name: "sign-in link" })
      })

    /** The subject is the id of the key that the token was made with; it may be revoked since. */
    const byStreamToken: Identify = (given) =>
      Effect.gen(function* () {
        const token = yield* Effect.option(tokens.verify("stream", given))
        if (Option.isNone(token)) return Option.none()
        const { subject } = token.value
        if (subject === "") return Option.some({ ...everything, scope: "read", name: "API_KEY" })
        return Option.map(yield* keys.valid(subject), (key) => ({ ...key, scope: "read" }))
      })

    const check = (identify: Identify) => (given: Redacted.Redacted) =>
      Effect.gen(function* () {
        const caller = yield* identify(given)
        if (Option.isSome(caller)) return caller.value
        const request = yield* HttpServerRequest.HttpServerRequest
        yield* tries.failed(request, given)
        return yield* new Unauthorized({
          message: 'Cannot let you in: send the key as "apikey: …" or "Authorization: Bearer …"'
        })
      })
    return { key: check(byKey), streamToken: check(byStreamToken) }
  }
)

const callers = Layer.effect(
  Authorization,
  Effect.map(makeCheck, ({ key }) => ({ apikey: key, bearer: key }))
)

const streamCallers = Layer.effect(
  StreamAuthorization,
  Effect.map(makeCheck, ({ key, streamToken }) => ({
    apikey: key,
    bearer: key,
    token: streamToken
  }))
)

const guests = Layer.effect(
  PairingAuthorization,
  Effect.map(Effect.all([Tokens, Tries]), ([tokens, tries]) => ({
    bearer: (given: Redacted.Redacted) =>
      Effect.catchAll(
        Effect.map(tokens.verify("pairing", given), ({ expiresAt, subject }) => ({
          ...subjectOf(subject),
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

export const layer = Layer.mergeAll(callers, streamCallers, guests).pipe(Layer.provide(Tries.layer))
