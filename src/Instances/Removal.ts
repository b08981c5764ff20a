/** Deletes instances at Evolution and here; on demand with everything that was logged of them. */
import { Duration, Effect, Either, Fiber, Stream } from "effect"
import type { InstanceName } from "../Domain/Instance.ts"
import { EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { EventBus } from "../Log/EventBus.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Tracing from "../Telemetry/Tracing.ts"
import * as Erasure from "./Erasure.ts"

/** A removal waits this long for Evolution's clean-up, which comes after its answer. */
const farewellTimeout = Duration.seconds(3)

export const make = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const store = yield* InstanceStore
  const registry = yield* ListenerRegistry
  const bus = yield* EventBus
  const erase = yield* Erasure.make
  const scope = yield* Effect.scope

  const remove = (name: InstanceName) =>
    Effect.gen(function* () {
      const farewell = yield* bus.after("now").pipe(
        Stream.filter((event) => event.instance === name && event.event === "remove.instance"),
        Stream.take(1),
        Stream.runDrain,
        Effect.timeoutOption(farewellTimeout),
        Effect.fork
      )
      yield* Effect.catchTag(client.delete(name), "InstanceNotFound", (error) =>
        store.get(name) === undefined ? error : Fiber.interrupt(farewell)
      )
      if (store.get(name)?.desired === "listening") yield* Fiber.await(farewell)
      yield* registry.forget(name)
    })

  return {
    remove: (name: InstanceName) => Tracing.command("instance.remove", name)(remove(name)),
    purge: (name: InstanceName) =>
      Effect.gen(function* () {
        const removed = yield* Effect.either(remove(name))
        if (Either.isLeft(removed) && removed.left._tag !== "InstanceNotFound")
          return yield* removed
        if ((yield* erase(name)) === 0) return yield* removed
      }).pipe(
        Tracing.command("instance.purge", name),
        // A caller who hangs up must not leave a half-erased instance.
        Effect.forkIn(scope),
        Effect.flatMap(Fiber.join)
      )
  }
})
