/** The contract of a receiver: one message, and its confirmation. */
import { Data, type Duration, type Effect } from "effect"
import type { LoggedEvent } from "../Domain/Event.ts"

/** What a lane delivers. */
export type Item =
  | { readonly _tag: "Event"; readonly event: LoggedEvent }
  | {
      /** Events of the lane that were purged before they were delivered: with cursors after `from`, up to `to`. */
      readonly _tag: "Missed"
      readonly server: string
      readonly instance: string
      readonly from: number
      readonly to: number
    }
  /** Sent by hand, to see whether the receiver takes messages. `at`: ms since 1970 UTC. */
  | { readonly _tag: "Test"; readonly at: number }

export interface Outgoing {
  /**
   * The same over all attempts, replays and endpoints: `evt_<log>_<cursor>`; `missed_<log>_<from>_<to>`; `test_<UUID>`.
   */
  readonly id: string
  readonly item: Item
  /** The cursor of the event before it in the lane; `null`: not known. */
  readonly previous: number | null
  /** From 1. */
  readonly attempt: number
  /** It may have been delivered before, as part of a replay. */
  readonly isReplay: boolean
}

/** The receiver's confirmation. */
export interface Delivered {
  /** The HTTP status, where there is one. */
  readonly status?: number
}

/**
 * `answered`: the receiver refused the message, or failed over it. `busy`: it asks for time (429, 503). `unreachable`:
 * no connection, no answer in time, or one of an intermediary (502, 504). `gone`: it wants no more (410). `forbidden`: the
 * guard refused the address. `ours`: this service lacks what it takes to send, such as a variable or a DNS server.
 */
export const failureKinds = [
  "answered",
  "busy",
  "unreachable",
  "gone",
  "forbidden",
  "ours"
] as const
export type FailureKind = (typeof failureKinds)[number]

/** The receiver did not judge the message. */
export const isAway = (kind: FailureKind): boolean => kind === "unreachable" || kind === "busy"

/** The message was not sent at all, for reasons of this service. */
export const isOurs = (kind: FailureKind): boolean => kind === "forbidden" || kind === "ours"

export class DeliveryFailed extends Data.TaggedError("DeliveryFailed")<{
  readonly kind: FailureKind
  /** For people; without secrets, and without what the receiver said. */
  readonly message: string
  readonly status?: number | undefined
  /** The receiver asks to wait so long. */
  readonly retryAfter?: Duration.Duration | undefined
  /** The beginning of the answer, scrubbed; only admins see it. */
  readonly excerpt?: string | undefined
  /** The address that was connected to. */
  readonly address?: string | undefined
}> {}

/** An open way to a receiver; it is closed with the scope in which it was made. */
export interface Sink {
  /** Ends when the receiver has confirmed the message. It times out by itself. */
  readonly send: (message: Outgoing) => Effect.Effect<Delivered, DeliveryFailed>
}
