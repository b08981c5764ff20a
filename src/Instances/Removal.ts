/** Deletes instances at Evolution and here; on demand with everything that was logged of them. */
import { Duration, Effect, Either, Fiber, identity, Schedule, Stream } from "effect"
import { EvolutionUnavailable, InstanceNotFound } from "../Domain/EvolutionError.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import { isAbsent } from "../Evolution/Absence.ts"
import { EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { EventBus } from "../Log/EventBus.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Tracing from "../Telemetry/Tracing.ts"
import * as Erasure from "./Erasure.ts"

/** A removal waits this long for Evolution's clean-up, which comes after its answer. */
const farewellTimeout = Duration.seconds(3)

/** A removal asks for so long, until Evolution confirms that the instance is gone. */
const confirmPolicy = Schedule.spaced("250 millis").pipe(Schedule.upTo("10 seconds"))

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
      if (yield* isAbsent(client, name)) {
        yield* Fiber.interrupt(farewell)
        if (store.get(name) === undefined) return yield* unknownToBoth(name)
      } else {
        yield* Effect.catchTag(client.delete(name), "InstanceNotFound", () => Effect.void)
        if (store.get(name)?.desired === "listening") yield* Fiber.await(farewell)
        yield* confirmedAbsent(name)
      }
      yield* registry.forget(name)
    })

  /** An answer to the deletion alone is not enough to forget an instance. */
  const confirmedAbsent = (name: InstanceName) =>
    isAbsent(client, name).pipe(
      Effect.filterOrFail(identity, () => stillThere(name)),
      Effect.retry({
        schedule: confirmPolicy,
        while: ({ _tag }) => _tag === "EvolutionUnavailable"
      })
    )

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

const unknownToBoth = (instance: string) =>
  new InstanceNotFound({
    message: `Cannot delete instance "${instance}": neither Evolution nor this service has it`,
    instance
  })

const stillThere = (name: string) =>
  new EvolutionUnavailable({
    message: `Evolution said that it deleted instance "${name}", and still has it: nothing was forgotten here`,
    status: null
  })
