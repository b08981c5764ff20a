/** The service hears and cannot write down: what it shows may be older than what it received. */
import { Schema } from "effect"

export const Degraded = Schema.Struct({
  /** `queue_full`: so much waits for the database that the sockets are read no further. */
  reason: Schema.Literal(
    "database_unavailable",
    "database_read_only",
    "database_full",
    "queue_full"
  ),
  since: Schema.DateTimeUtc,
  message: Schema.String
}).annotations({ identifier: "Degraded" })
export type Degraded = typeof Degraded.Type
