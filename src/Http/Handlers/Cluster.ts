/** The handlers about replicas. They need the database alone, so any replica answers by itself. */
import { HttpApiBuilder } from "@effect/platform"
import { DateTime, Effect } from "effect"
import { type Holder, Ownership } from "../../Cluster/Ownership.ts"
import {
  type ReplicaState,
  type ServerState,
  silentAfterSeconds
} from "../../Domain/ClusterState.ts"
import { Caller } from "../../Domain/Key.ts"
import { ServerId } from "../../Domain/Server.ts"
import { version } from "../../Domain/Version.ts"
import { Api } from "../Api.ts"
import { administering } from "./Permission.ts"
import * as Target from "./Target.ts"
import { orUnavailable } from "./Unavailable.ts"

export const cluster = HttpApiBuilder.group(Api, "cluster", (handlers) =>
  Effect.map(Effect.all([Ownership, DateTime.now]), ([ownership, startedAt]) => {
    const { handOver, holders, isAlone, me } = ownership

    /** A process alone has no row in the database. */
    const self: ReplicaState = {
      id: me,
      address: null,
      version,
      since: startedAt,
      silentSeconds: 0,
      isLeaving: false,
      unable: []
    }
    const replicas = Effect.map(ownership.replicas, (rows) =>
      isAlone
        ? [self]
        : rows.map(({ address, id, leaving, since, silentSeconds, unable, version }) => ({
            id,
            address,
            version,
            since: DateTime.unsafeFromDate(since),
            silentSeconds: Math.max(0, Math.floor(silentSeconds)),
            isLeaving: leaving,
            unable: unable.map((server) => ServerId.make(server))
          }))
    )

    /** `isAlive`: the owner gave a sign of life not long ago. */
    const serverOf = (
      server: ServerId,
      holder: Holder | undefined,
      isAlive: boolean
    ): ServerState => ({
      server,
      owner: isAlive ? (holder?.owner ?? null) : null,
      epoch: holder?.epoch ?? 0,
      since:
        holder?.since === undefined || holder.since === null
          ? null
          : DateTime.unsafeFromDate(holder.since),
      unownedSeconds: isAlive ? 0 : Math.max(0, Math.floor(holder?.silentSeconds ?? 0))
    })

    return handlers
      .handle("state", () =>
        Effect.gen(function* () {
          const { instances, servers } = yield* Caller
          const seen = (yield* Target.visible).map(({ id }) => id)
          const held = yield* orUnavailable(holders)
          const all = yield* orUnavailable(replicas)
          const living = new Set(
            all.filter((one) => one.silentSeconds < silentAfterSeconds).map(({ id }) => id)
          )
          const isBound = instances !== null || servers !== null
          return {
            me,
            replicas: all.map((one) => ({
              ...one,
              address: isBound ? null : one.address,
              unable: one.unable.filter((server) => seen.includes(server))
            })),
            servers: seen.map((id) => {
              const holder = held.find(({ server }) => server === id)
              const owner = holder?.owner ?? null
              return serverOf(id, holder, owner !== null && (isAlone || living.has(owner)))
            })
          }
        })
      )
      .handle("handOver", ({ path: { id } }) =>
        administering(
          "hand_over",
          Effect.flatMap(Target.server(id), ({ id: server }) =>
            Effect.map(orUnavailable(handOver(server)), (heir) => ({ server, heir }))
          ),
          id
        )
      )
  })
)
