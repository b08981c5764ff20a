/**
 * Global events where Evolution sends them, else namespaces: holds the links of both modes, and takes an
 * instance's events over one of them at a time. Begins with global events, or as the owner before ended. The link to `/` stays up in
 * either case: the first event that comes over it is how we learn that Evolution sends global events.
 */
import { Deferred, Effect, FiberId, Option } from "effect"
import * as CheaperEffect from "../../Concurrency/CheaperEffect.ts"
import { type LinkError, ModeChanged } from "../../Domain/LinkError.ts"
import * as Global from "./Global.ts"
import { HandedLink } from "./HandedLink.ts"
import * as Namespace from "./Namespace.ts"
import type { Sink } from "./Sink.ts"

export const make = Effect.gen(function* () {
  let isShared = !(yield* HandedLink).byNamespace
  let changed = Deferred.unsafeMake<never, ModeChanged>(FiberId.none)
  const subscriptions = new Set<{ readonly end: Effect.Effect<void> }>()
  const global = yield* Global.make(() => isShared)
  const namespace = yield* Namespace.make
  const current = () => (isShared ? global : namespace)

  return {
    mode: "auto" as const,
    get isShared() {
      return isShared
    },
    changeMode: (to: "global" | "namespace") =>
      Effect.suspend(() => {
        if (isShared === (to === "global")) return Effect.void
        isShared = !isShared
        const before = changed
        changed = Deferred.unsafeMake(FiberId.none)
        return Effect.zipRight(
          Deferred.fail(before, ModeChanged.to(to)),
          Effect.forEach([...subscriptions], ({ end }) => end, { discard: true })
        )
      }),
    modeChanged: Effect.suspend(() => Effect.asVoid(Effect.exit(Deferred.await(changed)))),
    open: (name: string, onRefused: (error: LinkError) => Effect.Effect<void>) =>
      Effect.gen(function* () {
        const over = changed
        const subscription = yield* Effect.raceFirst(
          current().open(name, onRefused),
          Deferred.await(over)
        )
        yield* CheaperEffect.acquireRelease(
          Effect.sync(() => subscriptions.add(subscription)),
          () => Effect.sync(() => subscriptions.delete(subscription))
        )
        const unlessOver = Effect.flatMap(
          Deferred.poll(over),
          Option.getOrElse(() => Effect.void)
        )
        // The change may have come before the subscription was there to be ended.
        yield* unlessOver
        return {
          ...subscription,
          run: (sink: Sink) => Effect.zipRight(subscription.run(sink), unlessOver)
        }
      }),
    renew: (name: string) => Effect.suspend(() => current().renew(name)),
    flow: (name?: string) => Effect.suspend(() => current().flow(name)),
    shared: global.shared,
    calm: Effect.suspend(() => current().calm),
    heard: Effect.suspend(() => current().heard),
    /** Events that `/` brings before the change back come by the namespaces as well: none of them is held. */
    created: (isWanted: (name: string) => boolean) =>
      global.created((name) => isShared && isWanted(name)),
    watchIgnored: global.watchIgnored,
    quiesce: Effect.zipRight(global.quiesce, namespace.quiesce)
  }
})
