/** The service as a whole: Evolution as it is found, the instances by their states, and the next step for a person. */
import { type DateTime, Schema } from "effect"

/**
 * Evidence that Evolution's events reach us over the link that is up. `unproven`: nothing has come over it,
 * and nothing is known to have happened. `silent`: something happened, and no event of it came.
 */
export const Proven = Schema.Struct({
  state: Schema.Literal("unproven", "proven", "silent"),
  /** The link is `unproven` or `silent` since it came up, and `proven` since its first event. */
  since: Schema.DateTimeUtc,
  /** The sign of silence, in words. */
  evidence: Schema.NullOr(Schema.String),
  /** The instance that `evidence` is about. */
  instance: Schema.NullOr(Schema.String)
})
export type Proven = typeof Proven.Type

export const unproven = (since: DateTime.Utc): Proven => ({
  state: "unproven",
  since,
  evidence: null,
  instance: null
})
