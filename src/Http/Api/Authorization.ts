/** Authorization of callers, and the headers that carry their keys. */
import { HttpApiMiddleware, HttpApiSchema, HttpApiSecurity } from "@effect/platform"
import { Context, type DateTime, Schema } from "effect"
import type { InstanceName } from "../../Domain/Instance.ts"
import { Caller } from "../../Domain/Key.ts"
import type { ServerId } from "../../Domain/Server.ts"
import { TooManyTries, Unauthorized } from "./Errors.ts"

const failure = Schema.Union(
  Unauthorized.annotations(HttpApiSchema.annotations({ status: 401 })),
  TooManyTries.annotations(HttpApiSchema.annotations({ status: 429 }))
)

/**
 * Lets holders of a key in, or of a session token. Fails with 401 or 429.
 *
 * @effect-expect-leaking HttpServerRequest | ParsedSearchParams | RouteContext
 */
export class Authorization extends HttpApiMiddleware.Tag<Authorization>()(
  "evolution-listener/Authorization",
  {
    failure,
    provides: Caller,
    security: {
      apikey: HttpApiSecurity.apiKey({ key: "apikey", in: "header" }),
      bearer: HttpApiSecurity.bearer
    }
  }
) {}

/**
 * Lets the same callers in, and holders of a stream token: a browser's `EventSource` sends no headers. Fails
 * with 401 or 429.
 *
 * @effect-expect-leaking HttpServerRequest | ParsedSearchParams | RouteContext
 */
export class StreamAuthorization extends HttpApiMiddleware.Tag<StreamAuthorization>()(
  "evolution-listener/StreamAuthorization",
  {
    failure,
    provides: Caller,
    security: {
      apikey: HttpApiSecurity.apiKey({ key: "apikey", in: "header" }),
      bearer: HttpApiSecurity.bearer,
      token: HttpApiSecurity.apiKey({ key: "token", in: "query" })
    }
  }
) {}

/** The instance that a pairing link shows, and the time when the link expires. */
export class PairingPass extends Context.Tag("evolution-listener/PairingPass")<
  PairingPass,
  {
    readonly instance: InstanceName
    readonly server: ServerId
    readonly expiresAt: DateTime.Utc
  }
>() {}

/**
 * Lets holders of a pairing link's token in. Fails with 401 or 429.
 *
 * @effect-expect-leaking HttpServerRequest | ParsedSearchParams | RouteContext
 */
export class PairingAuthorization extends HttpApiMiddleware.Tag<PairingAuthorization>()(
  "evolution-listener/PairingAuthorization",
  { failure, provides: PairingPass, security: { bearer: HttpApiSecurity.bearer } }
) {}
