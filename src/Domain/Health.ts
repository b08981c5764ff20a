/** Two questions, two answers: whether the process is in order, and whether it can do its work. */
import { Schema } from "effect"
import { Degraded } from "./Degraded.ts"

/** Only another process helps: whoever watches over this one should end it. */
export class NotLive extends Schema.TaggedError<NotLive>()("NotLive", {
  reason: Schema.Literal("event_loop", "writer"),
  message: Schema.String
}) {}

/** What it needs is not there; another process would not have it either. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  /** `schema_differs`: the database has other migrations than this version of ours. */
  reason: Schema.Literal(...Degraded.fields.reason.literals, "schema_differs"),
  message: Schema.String
}) {}
