/** The replicas that share a database, and the Evolution servers that they own. */
import { Schema } from "effect"
import { ServerId } from "./Server.ts"

/** A replica that gives no sign of life for so long, in seconds, is taken for dead. */
export const silentAfterSeconds = 3

export const ReplicaState = Schema.Struct({
  /** Made when the process starts. */
  id: Schema.UUID,
  /** The address at which the other replicas reach it; `null`: it is alone, or the caller's key is bound. */
  address: Schema.NullOr(Schema.String),
  version: Schema.String,
  since: Schema.DateTimeUtc,
  /** Seconds since its last sign of life, by the clock of the database; it gives one each second. */
  silentSeconds: Schema.Int,
  /** It stops, and gives its servers away. */
  isLeaving: Schema.Boolean,
  /** Servers that it did not reach not long ago. */
  unable: Schema.Array(ServerId)
}).annotations({ identifier: "ReplicaState" })
export type ReplicaState = typeof ReplicaState.Type

export const ServerState = Schema.Struct({
  server: ServerId,
  /** The replica that listens to the server; `null`: none does. */
  owner: Schema.NullOr(Schema.UUID),
  /** Raised by one with each new owner. */
  epoch: Schema.Int,
  /** The beginning of the last tenure; `null`: it never had an owner. */
  since: Schema.NullOr(Schema.DateTimeUtc),
  /** Seconds without an owner that lives, by the clock of the database. */
  unownedSeconds: Schema.Int
}).annotations({ identifier: "ServerState" })
export type ServerState = typeof ServerState.Type

export const ClusterState = Schema.Struct({
  /** The replica that answers. */
  me: Schema.UUID,
  /** Oldest first. A process without replicas is the only one. */
  replicas: Schema.Array(ReplicaState),
  /** In the order of the settings, as far as the caller may see them. */
  servers: Schema.Array(ServerState)
}).annotations({ identifier: "ClusterState" })
export type ClusterState = typeof ClusterState.Type

/** No other replica lives and reaches the server. */
export class NoHeir extends Schema.TaggedError<NoHeir>()("NoHeir", {
  message: Schema.String,
  server: Schema.String
}) {
  static of(server: string) {
    return new NoHeir({
      message: `Cannot hand over the server "${server}": no other replica lives and reaches it`,
      server
    })
  }
}
