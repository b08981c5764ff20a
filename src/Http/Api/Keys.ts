/** Keys: create, list, revoke; and the audit of commands. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { AuditRow } from "../../Domain/Audit.ts"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import { Key, NamePattern, Scope } from "../../Domain/Key.ts"
import { ServerId } from "../../Domain/Server.ts"
import { Authorization } from "./Authorization.ts"
import { Forbidden, KeyNotFound, ServerNotFound } from "./Errors.ts"
import { Count, status } from "./Parameters.ts"

/** The body of `POST /keys`. */
export const KeyWanted = Schema.Struct({
  name: Schema.String.pipe(
    Schema.pattern(/^[^\p{C}]{1,100}$/u, { message: () => "A name has 1 to 100 characters" })
  ),
  scope: Scope,
  /** Patterns of the names of instances that the key is bound to, e.g. `["shop-*"]`; all if absent. */
  instances: Schema.optional(
    Schema.Array(NamePattern).pipe(Schema.minItems(1), Schema.maxItems(100))
  ),
  /** Evolution servers that the key is bound to; all if absent. */
  servers: Schema.optional(Schema.Array(ServerId).pipe(Schema.minItems(1), Schema.maxItems(100))),
  expiresAt: Schema.optional(Schema.DateTimeUtc)
}).annotations({ identifier: "KeyWanted", parseOptions: { onExcessProperty: "error" } })

export const NewKey = Schema.Struct({
  ...Key.fields,
  /** The key itself, which no later answer repeats. */
  key: Schema.String
}).annotations({ identifier: "NewKey" })

/** The name, scope and bounds of the caller's own key. */
export const Self = Schema.Struct({
  name: Schema.String,
  scope: Scope,
  instances: Schema.NullOr(Schema.Array(NamePattern)),
  servers: Schema.NullOr(Schema.Array(Schema.String))
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
      .annotate(OpenApi.Summary, "Read the scope and bounds of the key that this request carries")
  )
  .add(
    HttpApiEndpoint.get("list", "/keys")
      .addSuccess(Schema.Array(Key))
      .annotate(OpenApi.Summary, "List every key that was made here, oldest first")
  )
  .add(
    HttpApiEndpoint.post("make", "/keys")
      .setPayload(KeyWanted)
      .addSuccess(NewKey, status(201))
      .addError(ServerNotFound, status(404))
      .annotate(OpenApi.Summary, "Create a key; only this answer contains it")
  )
  .add(
    HttpApiEndpoint.del("revoke")`/keys/${HttpApiSchema.param("id", Schema.UUID)}`
      .addSuccess(Key)
      .addError(KeyNotFound, status(404))
      .annotate(OpenApi.Summary, "Revoke a key, at once and for good")
  )
  .add(
    HttpApiEndpoint.get("audit", "/audit")
      .setUrlParams(AuditQuery)
      .addSuccess(Schema.Struct({ rows: Schema.Array(AuditRow) }))
      .annotate(OpenApi.Summary, "List the commands of all keys and their outcomes, newest first")
  )
  .addError(Forbidden, status(403))
  .addError(DatabaseUnavailable, status(503))
  .middleware(Authorization)
