/**
 * Starts listeners for the instances that `AUTO_START` names: those that Evolution lists, and those that are
 * created while the shared link is up. Holds that link also while no instance has a listener, so that every
 * instance at Evolution is heard of.
 */
import { Cause, Clock, Effect, Either, Layer, Schema, Scope, Stream } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { InstanceName, isTrial } from "../Domain/Instance.ts"
import type { ListenerState } from "../Domain/ListenerState.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import { untilBack } from "../Storage/Failure.ts"
import { matches, policy } from "./AutoStart/Policy.ts"
import { Discovery, type Found } from "./Discovery.ts"
import { GapLedger } from "./GapLedger.ts"
import { keep } from "./Listener/Keep.ts"
import { ListenerRegistry } from "./ListenerRegistry.ts"
import { Pacing } from "./Pacing.ts"
import { Proof } from "./Proof.ts"

/** A start is a row in the database: without the database it has to wait. */
const retryPolicy = untilBack("200 millis")

/** Starts at once, of hundreds of listed instances. */
const maxStarts = 16

const makeStart = Effect.gen(function* () {
  const registry = yield* ListenerRegistry
  const ledger = yield* GapLedger

  return (name: InstanceName, since: number) =>
    registry.start(name).pipe(
      Effect.tapError((error) =>
        // The link holds the instance's events for a listener, but within bounds.
        Effect.zipRight(
          ledger.open(name, since, "queue_full"),
          Effect.logError(`Cannot listen to the instance "${name}" yet: ${detailOf(error)}`)
        )
      ),
      Effect.retry(retryPolicy),
      Effect.orDie, // the schedule has no end
      Effect.catchAllDefect((defect) =>
        Effect.logError(`Starting "${name}" crashed`, Cause.die(defect))
      ),
      Effect.annotateLogs("instance", name)
    )
})

const make = Effect.gen(function* () {
  const source = yield* EventSource
  const instances = yield* InstanceStore
  const discovery = yield* Discovery
  const registry = yield* ListenerRegistry
  const pacing = yield* Pacing
  const proof = yield* Proof
  const setting = yield* policy
  const isMatch = matches(setting)
  const start = yield* makeStart
  const tell = makeTell()
  const scope = yield* Effect.scope

  /** A person's `stop` outlives the deletion of the instance and its next creation. */
  const isWanted = (name: string) =>
    setting.mode !== "off" &&
    isMatch(name) &&
    !isTrial(name) &&
    instances.get(name)?.desired !== "stopped"

  /** Starts run side by side, and do not end with the link that announced them. */
  const startSoon = (name: string) =>
    Either.match(decodeName(name), {
      onLeft: () =>
        Effect.logWarning(
          `Cannot listen to the created instance "${name}": its name is not valid here`
        ),
      onRight: (valid) =>
        Effect.flatMap(Clock.currentTimeMillis, (since) =>
          Effect.forkIn(
            Effect.zipRight(
              start(valid, since),
              Effect.logInfo(`Listens to the created instance "${name}"`)
            ),
            scope
          )
        )
    }).pipe(Effect.annotateLogs("instance", name))

  const watchCreated = keep(
    pacing,
    // In namespace mode there is no link until an instance has a listener.
    (state) =>
      source.mode === "namespace" ? Effect.void : Effect.zipRight(proof.report(state), tell(state)),
    ({ established }, scope) =>
      Effect.gen(function* () {
        const created = yield* Scope.extend(source.created(isWanted), scope)
        yield* established
        yield* discovery.look
        yield* Stream.runForEach(created, startSoon)
      })
  )

  const startListed = ({ names }: Found) =>
    Effect.gen(function* () {
      const since = yield* Clock.currentTimeMillis
      const fresh = names.filter(
        (name) => isWanted(name) && instances.get(name)?.desired === "unset"
      )
      if (fresh.length === 0) return
      yield* Effect.forEach(fresh, (name) => start(name, since), {
        concurrency: maxStarts,
        discard: true
      })
      yield* Effect.logInfo(
        `Instances of Evolution that are listened to from now on: ${fresh.length}`
      )
    })

  /** A listener with a link of its own finds only its instance; others may have come meanwhile. */
  const lookOnLinks = Stream.runForEach(
    Stream.filter(registry.changes, ({ state }) => state._tag === "Listening"),
    () => discovery.look
  )

  yield* loop("watch for created instances", watchCreated)
  if (setting.mode === "all")
    yield* loop("start of listed instances", Stream.runForEach(discovery.changes, startListed))
  if (source.mode === "namespace") yield* loop("look at new links", lookOnLinks)
})

/** Tells of each new trouble once. Listeners tell of their own links; without any, nobody else tells of this one. */
const makeTell = () => {
  let told: string | undefined
  const once = (key: string, line: Effect.Effect<void>) =>
    Effect.suspend(() => {
      if (told === key) return Effect.void
      told = key
      return line
    })
  return (state: ListenerState): Effect.Effect<void> => {
    switch (state._tag) {
      case "Waiting":
        return once(
          state.error._tag,
          Effect.logWarning(`No link to Evolution: ${state.error.message}`)
        )
      case "Parked":
        return once(
          state.userAction,
          Effect.logError(
            `No link to Evolution: ${state.error.message}; to do: ${state.userAction}`
          )
        )
      case "Listening":
        told = undefined
        return Effect.void
      default:
        return Effect.void
    }
  }
}

const decodeName = Schema.decodeEither(InstanceName)

/** Starts listeners for as long as the layer lives. */
export const layer = Layer.scopedDiscard(Effect.suspend(() => make))
