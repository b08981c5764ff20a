/**
 * The other replicas. A request about an Evolution server that another replica owns is sent there as it came, and the
 * owner's answer comes back as it is. The owner authenticates the caller again.
 */
import { Context, Effect, Layer, Stream } from "effect"
import { ApiKey } from "../Access/ApiKey.ts"
import { Ownership } from "../Cluster/Ownership.ts"
import type { OneServer } from "../Instances/Servers.ts"
import { ServerUnowned } from "./Api.ts"
import type { Dealings } from "./Peers/Dealings.ts"
import * as Several from "./Peers/Several.ts"

export class Peers extends Context.Tag("evolution-listener/Peers")<Peers, Dealings>() {
  static readonly layer: Layer.Layer<Peers, never, ApiKey | Ownership> = Layer.scoped(
    Peers,
    Effect.flatMap(Ownership, (ownership) =>
      ownership.isAlone
        ? alone
        : Effect.flatMap(ApiKey, (apiKey) => Several.make(ownership, apiKey))
    )
  )
}

/** In a process alone nothing is ever forwarded. It does not own a server only if a later process took it. */
const alone = Effect.sync(() => {
  const owned = (one: OneServer) =>
    Effect.suspend(() => {
      const here = one.owned()
      return here !== undefined
        ? Effect.succeed(here)
        : new ServerUnowned({
            message: `Another process listens to the server "${one.id}" with the same database: ask that one. If there should be one alone, stop the other and restart this one`
          })
    })
  return Peers.of({
    owned,
    during: () => (effect) => effect,
    gather: (servers, { here }) =>
      Effect.forEach(servers, (one) => Effect.flatMap(owned(one), here)),
    inReach: (servers) => Effect.sync(() => servers.filter((one) => one.owned() !== undefined)),
    changes: () => Stream.empty,
    admit: (app) => app
  })
})
