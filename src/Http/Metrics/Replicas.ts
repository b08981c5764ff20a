/** Gauges of replicas: which of the servers this one owns, and how many there are. */
import { Duration, Effect } from "effect"
import { Ownership } from "../../Cluster/Ownership.ts"
import { silentAfterSeconds } from "../../Domain/ClusterState.ts"
import { version } from "../../Domain/Version.ts"
import { gauge, single } from "./Now.ts"
import type { Gauge } from "./Text.ts"

export const owned = (isOwned: boolean): Gauge =>
  gauge(
    "server_owned",
    "1: this process listens to the server; 0: another replica does, or none",
    single(isOwned ? 1 : 0)
  )

/** A scrape does not wait longer for the database. */
const patience = Duration.seconds(1)

const family = (versions: ReadonlyArray<string>): Gauge =>
  gauge(
    "replicas",
    "Replicas that live, by version",
    [...new Set(versions)].map((one) => ({
      labels: { version: one },
      value: versions.filter((other) => other === one).length
    }))
  )

/** Reads the replicas at each scrape; there are no samples while the database does not answer. */
export const make = Effect.map(Ownership, ({ isAlone, replicas }) =>
  isAlone
    ? Effect.succeed(family([version]))
    : replicas.pipe(
        Effect.disconnect,
        Effect.timeout(patience),
        Effect.map((all) => all.filter((one) => one.silentSeconds < silentAfterSeconds)),
        Effect.map((living) => family(living.map((one) => one.version))),
        Effect.orElseSucceed(() => family([]))
      )
)
