/** A row of the audit: who did what to which instance, when, and with which outcome. */
import { Schema } from "effect"

export const AuditRow = Schema.Struct({
  id: Schema.Int,
  at: Schema.DateTimeUtc,
  /** `null`: the key of the environment, or a token that stands for it. */
  keyId: Schema.NullOr(Schema.UUID),
  keyName: Schema.String,
  /** The command: `create`, `stop`, … */
  action: Schema.String,
  instance: Schema.NullOr(Schema.String),
  /** The Evolution server of the instance; `null` where there is no instance. */
  server: Schema.NullOr(Schema.String),
  /** `done`, or the tag of the error. */
  outcome: Schema.String
}).annotations({ identifier: "AuditRow" })
export type AuditRow = typeof AuditRow.Type
