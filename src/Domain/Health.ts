/** Liveness: the process is in order. Readiness: it can do its work. */
import { Schema } from "effect"
import { Degraded } from "./Degraded.ts"

/** Only another process helps: a supervisor should restart this one. */
export class NotLive extends Schema.TaggedError<NotLive>()("NotLive", {
  /** `loop`: a background loop keeps crashing. `writer`: events wait, and it writes none. */
  reason: Schema.Literal("loop", "writer"),
  message: Schema.String
}) {}

/** The service lacks what another process would lack, too: a restart does not help. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  /** `schema_differs`: the database has other migrations than this version of the service. */
  reason: Schema.Literal(...Degraded.fields.reason.literals, "schema_differs"),
  message: Schema.String
}) {}
