/** An Evolution server as it is found. */
import { type DateTime, Schema } from "effect"
import type { ClockOffset } from "../ClockOffset.ts"
import type { EvolutionError } from "../EvolutionError.ts"
import type { ListenerState, SessionError } from "../ListenerState.ts"
import type { ServerId } from "../Server.ts"

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

/**
 * What is the case with Evolution, worst first. `by_namespace`: auto mode found no global events, and listens by namespaces. `no_link`: REST answers and the socket does not. `unproven`: all
 * is well as far as anybody can see, and no event has come yet.
 */
export const Condition = Schema.Literal(
  "key_refused",
  "license_required",
  "websocket_disabled",
  "not_reached",
  "no_link",
  "starting",
  "not_broadcast",
  "by_namespace",
  "unproven",
  "well"
)
export type Condition = typeof Condition.Type

/** Facts about one Evolution server as they are found. */
export interface Found {
  readonly server: ServerId
  /** The names of the settings that have its address and its key. */
  readonly settings: { readonly url: string; readonly key: string }
  readonly url: string
  readonly mode: "global" | "namespace" | "auto"
  readonly listensBy: "global" | "namespace"
  readonly version: string | null
  readonly link: ListenerState | null
  readonly events: Proven
  readonly list: {
    readonly at: DateTime.Utc | null
    readonly error:
      | (EvolutionError | { readonly _tag: "SqlError"; readonly message: string })
      | null
  }
  readonly clockOffset: ClockOffset | null
}

/** The error that keeps a link down, as far as it is about Evolution. */
export type LinkError = SessionError | undefined
