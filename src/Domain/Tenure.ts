/** The time in which one replica is the owner of one Evolution server, and its end by a successor. */
import { Context, Effect, Schema } from "effect"

/**
 * The reason for which a tenure began. `start`: the server had no owner. `handover`: the owner before released
 * it to this replica. `takeover`: the owner before did not release it; it may still run, and is fenced.
 * `restart`: the same replica owned it before, and its work had crashed.
 */
export const TenureReason = Schema.Literal("start", "handover", "takeover", "restart")
export type TenureReason = typeof TenureReason.Type

/** Only the tenure with the newest epoch of a server may write what the server emits. */
export interface Tenure {
  /** The id of the Evolution server: `[a-z0-9-]{1,32}`. */
  readonly server: string
  /** Raised by one with each tenure of the server, from 1. */
  readonly epoch: number
  /** The replica: a UUID that is made when the process starts. */
  readonly owner: string
  readonly reason: TenureReason
}

/** A tenure ended because a newer one of its server began. */
export class Fenced extends Schema.TaggedError<Fenced>()("Fenced", {
  message: Schema.String,
  server: Schema.String,
  epoch: Schema.Int
}) {
  static of({ epoch, server }: Tenure) {
    return new Fenced({
      message: `Another replica owns the server "${server}" now: the tenure with epoch ${epoch} is over`,
      server,
      epoch
    })
  }
}

export interface Fence {
  /** The database refuses statements of an owner with an older epoch than the server's. */
  readonly epoch: number
  /** Tells that the database refused a statement. */
  readonly fall: Effect.Effect<void>
  /** Waits until it is told. */
  readonly fallen: Effect.Effect<void>
  /** Nothing was missed between the tenure before and this one: no gap lies there. */
  readonly continues: boolean
}

/** The fence of the tenure that a part of the service works in. A part by itself has the epoch of a new database. */
export class CurrentFence extends Context.Reference<CurrentFence>()("evolution-listener/Fence", {
  defaultValue: (): Fence => ({
    epoch: 0,
    fall: Effect.void,
    fallen: Effect.never,
    continues: false
  })
}) {}
