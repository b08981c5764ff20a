/** **The supervisor**: one fiber per instance, what each is doing, and what was asked of it. */
import type { SqlError } from "@effect/sql"
import {
  Cause,
  Context,
  DateTime,
  Duration,
  Effect,
  Fiber,
  FiberMap,
  FiberRef,
  HashMap,
  Layer,
  PubSub,
  Runtime,
  Stream
} from "effect"
import * as FairSemaphore from "../Concurrency/FairSemaphore.ts"
import { InstanceNotFound } from "../Domain/EvolutionError.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import * as State from "../Domain/ListenerState.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Tracing from "../Telemetry/Tracing.ts"
import { GapLedger } from "./GapLedger.ts"
import type { Report } from "./Listener/Keep.ts"
import * as Listener from "./Listener.ts"
import { record } from "./ListenerRegistry/Record.ts"
import { restartsLeft } from "./ListenerRegistry/Restarts.ts"

export interface StateChange {
  readonly name: InstanceName
  readonly state: State.ListenerState
}

export class ListenerRegistry extends Context.Tag("evolution-listener/ListenerRegistry")<
  ListenerRegistry,
  {
    /** Listens to an instance from now on, across restarts too. Starting twice is harmless. */
    readonly start: (name: InstanceName) => Effect.Effect<void, SqlError.SqlError>
    /** Listens no more, until started again. Succeeds when the link is left. */
    readonly stop: (name: InstanceName) => Effect.Effect<void, InstanceNotFound | SqlError.SqlError>
    /**
     * A listening one goes over to a fresh link, without missing anything; any other dials at once,
     * with the delays forgotten.
     */
    readonly restart: (
      name: InstanceName
    ) => Effect.Effect<void, InstanceNotFound | SqlError.SqlError>
    /** Stops, and drops what is known of the instance; its events stay in the log. */
    readonly forget: (name: InstanceName) => Effect.Effect<void, SqlError.SqlError>
    readonly status: (name: InstanceName) => Effect.Effect<State.ListenerState, InstanceNotFound>
    readonly all: Effect.Effect<ReadonlyArray<StateChange>>
    /** Every change from now on. A reader that lags by more than 1 024 misses the oldest. */
    readonly changes: Stream.Stream<StateChange>
  }
>() {
  static readonly layer = Layer.scoped(
    ListenerRegistry,
    Effect.suspend(() => make)
  )
}

/** How long the listeners may take to hand over what was received, when the service stops. */
const quiesceTimeout = Duration.seconds(1)

const make = Effect.gen(function* () {
  const instances = yield* InstanceStore
  const source = yield* EventSource
  const ledger = yield* GapLedger
  const run = yield* Listener.make
  // Who listens outlives whoever started it, and keeps nothing of its starter's context.
  const runtime = yield* Tracing.apart(Effect.runtime())
  const scope = yield* Effect.scope
  const fibers = yield* FiberMap.make<InstanceName, void, never>()
  const states = new Map<InstanceName, State.ListenerState>()
  const changes = yield* PubSub.sliding<StateChange>(1024)
  yield* Effect.forkScoped(record(yield* PubSub.subscribe(changes)))
  const oneByOne = FairSemaphore.make(1).withPermit
  /** Commands are short and come one after another, so that start and stop cannot cross. */
  const command =
    (action: string, name: InstanceName) =>
    <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Tracing.command(`listener.${action}`, name)(oneByOne(effect))

  /** Listeners on a link end by themselves once they have handed over what was received. */
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      yield* source.quiesce
      for (const [name, fiber] of fibers) {
        if (states.get(name)?._tag === "Listening") yield* Fiber.await(fiber)
      }
    }).pipe(
      Effect.interruptible, // a finalizer is not, and a deadline that cannot interrupt is none
      Effect.timeoutOption(quiesceTimeout)
    )
  )

  const report =
    (name: InstanceName): Report =>
    (state) =>
      Effect.suspend(() => {
        const before = states.get(name)
        states.set(name, state)
        return Effect.zipRight(PubSub.publish(changes, { name, state }), tell(before, state))
      })

  /** The second ring of recovery: the listener handles what can go wrong, this what must not. */
  const supervised = (name: InstanceName, restarts = restartsLeft): Effect.Effect<void> =>
    Effect.catchAllDefect(
      Effect.suspend(() => run(name, report(name))),
      (defect) =>
        Effect.logError(`The listener crashed`, Cause.die(defect)).pipe(
          Effect.zipRight(restarts),
          Effect.flatMap((left) =>
            Effect.matchEffect(left.next(undefined), {
              onSuccess: () => supervised(name, Effect.succeed(left)),
              onFailure: () => park(name)
            })
          )
        )
    )

  const park = (name: InstanceName) =>
    Effect.flatMap(DateTime.now, (since) =>
      report(name)(
        State.parked(states.get(name) ?? State.stopped(since), {
          since,
          nextAttempt: null,
          userAction: "report_bug",
          error: new State.ListenerCrashed({
            message: "A bug of ours ended the listener; see the log"
          })
        })
      )
    )

  const listen = (name: InstanceName) =>
    Effect.gen(function* () {
      if (!states.has(name)) states.set(name, State.stopped(yield* DateTime.now))
      if (yield* FiberMap.has(fibers, name)) return
      const about = HashMap.make(["instance", name] as const)
      const own = Runtime.setFiberRef(runtime, FiberRef.currentLogAnnotations, about)
      yield* FiberMap.set(fibers, name, Runtime.runFork(own, supervised(name)))
    })

  const leave = (name: InstanceName) =>
    Effect.gen(function* () {
      yield* FiberMap.remove(fibers, name)
      yield* ledger.close(name)
      yield* report(name)(State.stopped(yield* DateTime.now))
    })

  /** What is missed meanwhile belongs to the gap that is open. */
  const redial = (name: InstanceName) =>
    Effect.zipRight(FiberMap.remove(fibers, name), listen(name))

  /** A link that cannot be exchanged, as when Evolution is away, goes on as it is. */
  const renew = (name: InstanceName) =>
    Effect.catchAll(source.renew(name), (error) =>
      Effect.logWarning(`Goes on with the old link: ${error.message}`)
    )

  const known = (name: InstanceName) =>
    Effect.suspend(() =>
      instances.get(name) === undefined ? InstanceNotFound.of(name) : Effect.void
    )

  for (const { desired, desiredAt, name } of yield* instances.all) {
    if (desired === "listening") yield* listen(name)
    else states.set(name, State.stopped(desiredAt))
  }

  return ListenerRegistry.of({
    start: (name) =>
      command("start", name)(Effect.zipRight(instances.desire(name, "listening"), listen(name))),
    stop: (name) =>
      command(
        "stop",
        name
      )(
        known(name).pipe(
          Effect.zipRight(instances.desire(name, "stopped")),
          Effect.zipRight(leave(name))
        )
      ),
    restart: (name) =>
      command(
        "restart",
        name
      )(
        known(name).pipe(
          Effect.zipRight(instances.desire(name, "listening")),
          Effect.zipRight(
            Effect.suspend(() =>
              states.get(name)?._tag === "Listening"
                ? Effect.forkIn(renew(name), scope)
                : redial(name)
            )
          ),
          Effect.asVoid
        )
      ),
    forget: (name) =>
      command(
        "forget",
        name
      )(
        leave(name).pipe(
          Effect.zipRight(ledger.forget(name)),
          Effect.zipRight(instances.forget(name)),
          Effect.tap(() => Effect.sync(() => states.delete(name)))
        )
      ),
    status: (name) =>
      Effect.suspend(() => {
        const state = states.get(name)
        return state === undefined ? InstanceNotFound.of(name) : Effect.succeed(state)
      }),
    all: Effect.sync(() => [...states].map(([name, state]) => ({ name, state }))),
    changes: Stream.fromPubSub(changes)
  })
})

/** One line for each turn of events, and none for its repetitions. */
const tell = (
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
