/** Events arrive and cannot be committed, so the service's answers may be older than the events. */
import { Schema } from "effect"

export const Degraded = Schema.Struct({
  /** `queue_full`: so many events wait for the database that the sockets are not read. */
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
