/** Creates instances at Evolution, each with a listener that is there first. */
import { Duration, Effect, Fiber, Stream } from "effect"
import { type EvolutionError, InstanceExists } from "../Domain/EvolutionError.ts"
import type { InstanceName, InstanceRecord } from "../Domain/Instance.ts"
import type { ListenerState } from "../Domain/ListenerState.ts"
import { type CreateInput, EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { Proof } from "../Listening/Proof.ts"
import { Recovery } from "../Listening/Recovery.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Tracing from "../Telemetry/Tracing.ts"

/** A creation waits this long for its listener, and then creates the instance without it. */
const linkTimeout = Duration.seconds(5)

export const make = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const store = yield* InstanceStore
  const registry = yield* ListenerRegistry
  const proof = yield* Proof
  const recovery = yield* Recovery
  const scope = yield* Effect.scope
  const creating = new Set<InstanceName>()

  /** Waits until the first attempt to listen has an outcome. */
  const linked = (name: InstanceName) =>
    Stream.filter(registry.changes, (change) => change.name === name).pipe(
      // A change before the subscription is missed, so the state is read once a second, too.
      Stream.merge(Stream.tick("1 second")),
      Stream.mapEffect(() => registry.status(name)),
      Stream.takeUntil(hasOutcome),
      Stream.runDrain,
      Effect.timeoutOption(linkTimeout)
    )

  const look = (name: InstanceName) =>
    Effect.catchAll(recovery.snapshot(name), (error) =>
      Effect.logDebug(`Cannot ask Evolution about instance "${name}": ${error.message}`)
    )

  /** Runs one creation of a name at a time: two would both pass Evolution's check, and the loser would delete. */
  const alone = <A, E, R>(name: InstanceName, effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.suspend(() =>
        creating.has(name)
          ? new InstanceExists({ message: `Instance "${name}" is being created`, instance: name })
          : Effect.succeed(creating.add(name))
      ),
      () => effect,
      () => Effect.sync(() => creating.delete(name))
    )

  /** True if Evolution created the instance although its answer did not arrive. */
  const createdAllTheSame = (error: EvolutionError, name: InstanceName) =>
    error._tag === "EvolutionUnavailable"
      ? Effect.isSuccess(client.connectionState(name))
      : Effect.succeed(false)

  /** Restores the earlier wish for the instance. */
  const undo = (name: InstanceName, before: InstanceRecord | undefined) =>
    before === undefined
      ? registry.forget(name)
      : before.desired !== "listening"
        ? Effect.zipRight(registry.stop(name), store.desire(name, before.desired, before.desiredAt))
        : Effect.void

  /** Creates an instance, and gives what `then` gives afterwards. */
  return <A, E>(input: CreateInput, then: Effect.Effect<A, E>) =>
    alone(
      input.name,
      Effect.gen(function* () {
        const before = store.get(input.name)
        yield* registry.start(input.name)
        yield* linked(input.name)
        yield* Effect.tapError(client.create(input), (error) =>
          Effect.unlessEffect(
            Effect.ignoreLogged(undo(input.name, before)),
            createdAllTheSame(error, input.name)
          )
        )
        yield* proof.created(input.name)
        // Without a phone to link, an instance is open at once, and no event tells it.
        if (input.integration !== "WHATSAPP-BAILEYS") yield* Effect.forkIn(look(input.name), scope)
        return yield* then
      })
    ).pipe(
      Tracing.command("instance.create", input.name),
      // A caller who hangs up must not leave a half-created instance.
      Effect.forkIn(scope),
      Effect.flatMap(Fiber.join)
    )
})

const hasOutcome = (state: ListenerState): boolean =>
  state._tag !== "Stopped" && (state._tag !== "Connecting" || state.error !== null)
