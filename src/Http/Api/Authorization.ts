/** Who may call, and how they show it. */
import { HttpApiMiddleware, HttpApiSchema, HttpApiSecurity } from "@effect/platform"
import { Context, type DateTime, Schema } from "effect"
import type { InstanceName } from "../../Domain/Instance.ts"
import { Caller } from "../../Domain/Key.ts"
import { TooManyTries, Unauthorized } from "./Errors.ts"

const failure = Schema.Union(
  Unauthorized.annotations(HttpApiSchema.annotations({ status: 401 })),
  TooManyTries.annotations(HttpApiSchema.annotations({ status: 429 }))
)

/**
 * Holders of the key, or of a token that was given for it.
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

/** What a pairing link admits to, until when. */
export class PairingPass extends Context.Tag("evolution-listener/PairingPass")<
  PairingPass,
  { readonly instance: InstanceName; readonly expiresAt: DateTime.Utc }
>() {}

/**
 * Holders of a pairing link's token.
 *
 * @effect-expect-leaking HttpServerRequest | ParsedSearchParams | RouteContext
 */
export class PairingAuthorization extends HttpApiMiddleware.Tag<PairingAuthorization>()(
  "evolution-listener/PairingAuthorization",
  { failure, provides: PairingPass, security: { bearer: HttpApiSecurity.bearer } }
) {}
