/**
 * The choice by `@effect/cluster`: a hash ring of the replicas whose heartbeat is fresh, and a lock on each shard.
 * Loaded when it is used, since a process alone needs none of it.
 *
 * Locks are rows: a frozen process keeps an advisory lock for ever, and a pooler loses it. There are no messages,
 * so no replica has to reach another.
 */

import * as EntityId from "@effect/cluster/EntityId"
import * as MessageStorage from "@effect/cluster/MessageStorage"
import * as RunnerAddress from "@effect/cluster/RunnerAddress"
import * as RunnerHealth from "@effect/cluster/RunnerHealth"
import * as Runners from "@effect/cluster/Runners"
import * as Sharding from "@effect/cluster/Sharding"
import * as ShardingConfig from "@effect/cluster/ShardingConfig"
import * as SqlRunnerStorage from "@effect/cluster/SqlRunnerStorage"
import type { SqlClient, SqlError } from "@effect/sql"
import { Context, Effect, ExecutionStrategy, Exit, Layer, Option, Schedule, Scope } from "effect"
import type { Designator } from "./Designator.ts"

/** A replica that sent no heartbeat for so long is off the ring, and its locks are void. */
const expiration = "6 seconds"
const group = "servers"
/** The engine's tables are `ownership_runners` and `ownership_locks`. */
const prefix = "ownership"

/**
 * Joins the ring until the scope closes, or `leave`. Every replica has to give the same servers: their number is
 * that of the shards, so that the ring spreads them evenly.
 */
export const join = (
  replica: string,
  servers: ReadonlyArray<string>
): Effect.Effect<Designator, SqlError.SqlError, SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    const built = yield* Layer.buildWithScope(sharding(replica, servers.length), scope).pipe(
      // Two replicas that make the engine's tables at the same time.
      Effect.retry(Schedule.recurs(3))
    )
    const engine = Context.get(built, Sharding.Sharding)
    const chosen = new Set<string>()
    const watchers = new Map<string, (isChosen: boolean) => void>()
    const set = (server: string, isChosen: boolean) =>
      Effect.sync(() => {
        if (isChosen) chosen.add(server)
        else chosen.delete(server)
        watchers.get(server)?.(isChosen)
      })
    yield* Effect.forEach([...servers].sort(), (server, index) =>
      engine
        .registerSingleton(
          nameOn(engine, server, index + 1),
          // The body only tells: the engine would not start it again, if it died.
          Effect.acquireRelease(set(server, true), () => set(server, false)),
          { shardGroup: group }
        )
        .pipe(Scope.extend(scope))
    )
    return {
      subscribe: (server, choose) =>
        Effect.sync(() => {
          watchers.set(server, choose)
          choose(chosen.has(server))
        }),
      leave: Scope.close(scope, Exit.void).pipe(
        Effect.disconnect,
        Effect.timeoutOption("2 seconds")
      )
    }
  })

/** The engine hashes names onto shards, and two names may meet: a suffix finds the shard that is meant. */
const nameOn = (engine: Sharding.Sharding["Type"], server: string, shard: number): string => {
  for (let suffix = 0; ; suffix++) {
    const name = `${server}/${suffix}`
    if (engine.getShardId(EntityId.make(name), group).id === shard) return name
  }
}

const sharding = (replica: string, shards: number) =>
  Sharding.layer.pipe(
    Layer.provide([
      Runners.layerNoop,
      RunnerHealth.layerNoop,
      SqlRunnerStorage.layerWith({ prefix })
    ]),
    Layer.provide(MessageStorage.layerNoop),
    Layer.provide(
      ShardingConfig.layer({
        // Nobody calls it. An address of its own for each process keeps two of them off one lock.
        runnerAddress: Option.some(RunnerAddress.make(replica, 1)),
        availableShardGroups: [group],
        assignedShardGroups: [group],
        shardsPerGroup: shards,
        shardLockDisableAdvisory: true,
        shardLockExpiration: expiration,
        shardLockRefreshInterval: "1500 millis",
        refreshAssignmentsInterval: "500 millis",
        // The engine looks for a lock that came free this often.
        entityMessagePollInterval: "1 second"
      })
    ),
    Layer.fresh
  )
