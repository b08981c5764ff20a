/** The running listeners: one supervised fiber for each instance, and the state of each. */
import {
  Cause,
  DateTime,
  Effect,
  FiberMap,
  FiberRef,
  FiberRefs,
  HashMap,
  PubSub,
  Runtime
} from "effect"
import * as CheaperEffect from "../../Concurrency/CheaperEffect.ts"
import { restartIntensity } from "../../Concurrency/Supervise.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import * as State from "../../Domain/ListenerState.ts"
import * as Tracing from "../../Telemetry/Tracing.ts"
import * as Listener from "../Listener.ts"

export interface StateChange {
  readonly name: InstanceName
  readonly state: State.ListenerState
}

export interface Listeners {
  readonly run: Listener.Run
  readonly runtime: Runtime.Runtime<never>
  readonly fibers: FiberMap.FiberMap<InstanceName, void, never>
  readonly states: Map<InstanceName, State.ListenerState>
  readonly changes: PubSub.PubSub<StateChange>
}

export const make = Effect.gen(function* () {
  const listeners: Listeners = {
    run: yield* Listener.make,
    // A listener outlives the command that started it, and keeps nothing of its context.
    runtime: yield* Tracing.apart(Effect.runtime()),
    fibers: yield* FiberMap.make<InstanceName, void, never>(),
    states: new Map(),
    changes: yield* PubSub.sliding<StateChange>(1024)
  }
  return listeners
})

const report = ({ changes, states }: Listeners, name: InstanceName, state: State.ListenerState) =>
  Effect.suspend(() => {
    const before = states.get(name)
    states.set(name, state)
    return Effect.zipRight(PubSub.publish(changes, { name, state }), log(before, state))
  })

/** The listener turns expected failures into states; the supervisor restarts it after a defect. */
const supervised = (listeners: Listeners, name: InstanceName): Effect.Effect<void> =>
  CheaperEffect.retry(
    Effect.catchAllDefect(
      Effect.suspend(() => listeners.run(name, (state) => report(listeners, name, state))),
      (defect) =>
        Effect.zipRight(
          Effect.logError("The listener crashed", Cause.die(defect)),
          new State.ListenerCrashed({ message: "A bug of ours ended the listener; see the log" })
        )
    ),
    { schedule: restartIntensity, while: () => true }
  ).pipe(Effect.catchAll((error) => park(listeners, name, error)))

const park = (listeners: Listeners, name: InstanceName, error: State.ListenerCrashed) =>
  Effect.flatMap(DateTime.now, (since) => {
    const from = listeners.states.get(name) ?? State.stopped(since)
    const facts = { since, nextAttempt: null, userAction: "report_bug" as const, error }
    return report(listeners, name, State.parked(from, facts))
  })

/** Starts the instance's listener, unless it runs. */
export const start = (listeners: Listeners, name: InstanceName) =>
  Effect.gen(function* () {
    const { fibers, runtime, states } = listeners
    if (!states.has(name)) states.set(name, State.stopped(yield* DateTime.now))
    if (yield* FiberMap.has(fibers, name)) return
    const ofAll = FiberRefs.getOrDefault(runtime.fiberRefs, FiberRef.currentLogAnnotations)
    const about = HashMap.set(ofAll, "instance", name)
    const own = Runtime.setFiberRef(runtime, FiberRef.currentLogAnnotations, about)
    yield* FiberMap.set(fibers, name, Runtime.runFork(own, supervised(listeners, name)))
  })

/** Ends the instance's listener; succeeds once the link is left. */
export const end = ({ fibers }: Listeners, name: InstanceName) => FiberMap.remove(fibers, name)

export const reportStopped = (listeners: Listeners, name: InstanceName) =>
  Effect.flatMap(DateTime.now, (now) => report(listeners, name, State.stopped(now)))

/** Logs one line for each change, and none for its repetitions. */
const log = (
  before: State.ListenerState | undefined,
  now: State.ListenerState
): Effect.Effect<void> => {
  switch (now._tag) {
    case "Listening":
      return before?._tag === "Listening" ? Effect.void : Effect.logInfo("Listening")
    case "Waiting":
      return now.attempt > 1
        ? Effect.logDebug(now.error.message)
        : Effect.logWarning(now.error.message)
    case "Parked":
      return before?._tag === "Parked"
        ? Effect.void
        : Effect.logError(`${now.error.message}; to do: ${now.userAction}`)
    default:
      return Effect.void
  }
}
