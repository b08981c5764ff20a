/** Keys: made, listed, revoked; and what was done with them. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { AuditRow } from "../../Access/Audit.ts"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import { Key, NamePattern, Scope } from "../../Domain/Key.ts"
import { Authorization } from "./Authorization.ts"
import { Forbidden, KeyNotFound } from "./Errors.ts"
import { Count, status } from "./Parameters.ts"

/** What `POST /keys` takes. */
export const KeyWanted = Schema.Struct({
  name: Schema.String.pipe(
    Schema.pattern(/^[^\p{C}]{1,100}$/u, { message: () => "A name has 1 to 100 characters" })
  ),
  scope: Scope,
  /** The instances it is bound to, e.g. `["shop-*"]`; all when absent. */
  instances: Schema.optional(
    Schema.Array(NamePattern).pipe(Schema.minItems(1), Schema.maxItems(100))
  ),
  expiresAt: Schema.optional(Schema.DateTimeUtc)
}).annotations({ identifier: "KeyWanted", parseOptions: { onExcessProperty: "error" } })

export const NewKey = Schema.Struct({
  ...Key.fields,
  /** Told this once. */
  key: Schema.String
}).annotations({ identifier: "NewKey" })

/** What the caller's own key is good for. */
export const Self = Schema.Struct({
  name: Schema.String,
  scope: Scope,
  instances: Schema.NullOr(Schema.Array(NamePattern))
}).annotations({ identifier: "Self" })

const AuditQuery = Schema.Struct({
  /** Only rows with a lower id. */
  before: Schema.optional(Count),
  limit: Schema.optional(Count.pipe(Schema.between(1, 1000)))
})

export const keys = HttpApiGroup.make("keys")
  .add(
    HttpApiEndpoint.get("self", "/keys/self")
      .addSuccess(Self)
      .annotate(OpenApi.Summary, "What the key of this very request is good for")
  )
  .add(
    HttpApiEndpoint.get("list", "/keys")
      .addSuccess(Schema.Array(Key))
      .annotate(OpenApi.Summary, "Every key that was made here, oldest first")
  )
  .add(
    HttpApiEndpoint.post("make", "/keys")
      .setPayload(KeyWanted)
      .addSuccess(NewKey, status(201))
      .annotate(OpenApi.Summary, "Make a key; the answer alone has it")
  )
  .add(
    HttpApiEndpoint.del("revoke")`/keys/${HttpApiSchema.param("id", Schema.UUID)}`
      .addSuccess(Key)
      .addError(KeyNotFound, status(404))
      .annotate(OpenApi.Summary, "Revoke a key: from now on it opens nothing")
  )
  .add(
    HttpApiEndpoint.get("audit", "/audit")
      .setUrlParams(AuditQuery)
      .addSuccess(Schema.Struct({ rows: Schema.Array(AuditRow) }))
      .annotate(OpenApi.Summary, "Who did what, when, and what came of it; newest first")
  )
  .addError(Forbidden, status(403))
  .addError(DatabaseUnavailable, status(503))
  .middleware(Authorization)
