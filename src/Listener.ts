/** **The actor**: one instance's life, from the first dial to the wish to stop. */
import {
  DateTime,
  Duration,
  Effect,
  Ref,
  Schedule,
  ScheduleDecision,
  ScheduleIntervals,
  type Scope,
  Stream
} from "effect"
import type { InstanceName } from "./Domain/Instance.ts"
import type { LinkError } from "./Domain/LinkError.ts"
import * as State from "./Domain/ListenerState.ts"
import { EventSource } from "./EventSource.ts"
import { Ingest } from "./Ingest.ts"
import { Recovery } from "./Recovery.ts"
import { Upstream } from "./Upstream.ts"

/** After a failure: from 0.5 s doubling to 25 s, each 20 % more or less, so never above 30 s. */
export const reconnectPolicy = Schedule.exponential("500 millis", 2).pipe(
  Schedule.modifyDelay((_, delay) => Duration.min(delay, Duration.seconds(25))),
  Schedule.jittered
)

/** A link that ends sooner has not settled: the delays go on growing. */
export const settlingTime = Duration.seconds(10)

/** A namespace that does not exist yet is no failure, and its first events are worth being early for. */
export const namespacePolicy = Schedule.spaced("500 millis").pipe(Schedule.jittered)

/** Parked: it takes a person, so we look whether one came by. */
export const probePolicy = Schedule.spaced("5 minutes").pipe(Schedule.jittered)

/** What only a person can mend, and how; anything else is worth another try by itself. */
export const parkReason = (error: State.SessionError): State.ParkReason | undefined => {
  switch (error._tag) {
    case "KeyRefused":
      return "check_api_key"
    case "LicenseRequired":
      return "activate_license"
    case "UpgradeRefused":
      if (error.body.includes("LICENSE_REQUIRED")) return "activate_license"
      if (error.status === 401 || error.status === 403) return "check_api_key"
      // Evolution's own words for a wrong and for a missing key (`allowRequest`), with HTTP 400.
      if (/^(Invalid global token|apiKey is required)/.test(error.body)) return "check_api_key"
      // Without `WEBSOCKET_ENABLED` there is no Socket.IO, and Express answers.
      return error.status === 404 ? "enable_websocket" : undefined
    default:
      return undefined
  }
}

/** Told of every change of state, in order. */
export type Report = (state: State.ListenerState) => Effect.Effect<void>

type Transition = (from: State.ListenerState, now: DateTime.Utc) => State.ListenerState

/**
 * Listens to one instance until interrupted, or until the source is quiesced. Never fails: what can
 * go wrong is a state. Dies only of a bug, which is the supervisor's affair.
 */
export const run = (
  name: InstanceName,
  report: Report
): Effect.Effect<void, never, EventSource | Ingest | Recovery | Upstream> =>
  Effect.gen(function* () {
    const source = yield* EventSource
    const ingest = yield* Ingest
    const recovery = yield* Recovery

    yield* keep(report, ({ established, refused }) =>
      Effect.gen(function* () {
        const events = yield* source.open(name, refused)
        yield* established
        const listen = Stream.runForEachChunk(events, (chunk) => ingest.receive(chunk, "live"))
        const snapshot = Effect.flatMap(recovery.snapshot(name), (found) =>
          ingest.receive(found, "snapshot")
        )
        yield* Effect.raceFirst(listen, Effect.zipRight(snapshot, Effect.never))
      })
    )
  })

/** What a session tells of itself. */
export interface Telling {
  /** The link is up; it settles when it lasts as long as the session's scope and `settlingTime`. */
  readonly established: Effect.Effect<void, never, Scope.Scope>
  /** The server said no for now, and the attempt goes on. */
  readonly refused: (error: LinkError) => Effect.Effect<void>
}

/** Runs a session again and again, each in a scope of its own, until one ends without an error. */
export const keep = <R>(
  report: Report,
  session: (telling: Telling) => Effect.Effect<void, State.SessionError, R>
): Effect.Effect<void, never, Upstream | Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const upstream = yield* Upstream
    const state = yield* Ref.make(State.stopped(yield* DateTime.now))

    const become = (transition: Transition) =>
      Effect.flatMap(DateTime.now, (now) =>
        Effect.flatMap(
          Ref.updateAndGet(state, (from) => transition(from, now)),
          report
        )
      )

    const telling: Telling = {
      established: Effect.zipRight(
        become(State.listening),
        Effect.asVoid(Effect.forkScoped(Effect.delay(become(State.settled), settlingTime)))
      ),
      refused: (error) => become((from) => State.refused(from, error))
    }

    /** A policy that says in the state until when it waits, and why. */
    const paced = (policy: Schedule.Schedule<unknown>, userAction?: State.ParkReason) =>
      policy.pipe(
        Schedule.passthrough<unknown, State.SessionError, never>,
        Schedule.onDecision((error, decision) => {
          const nextAttempt = DateTime.unsafeMake(startOf(decision))
          return become((from, since) =>
            userAction === undefined
              ? State.waiting(from, { since, nextAttempt, error })
              : State.parked(from, { since, nextAttempt, error, userAction })
          )
        }),
        Schedule.driver
      )
    const reconnect = yield* paced(reconnectPolicy)

    const pause = (error: State.SessionError) =>
      Effect.gen(function* () {
        const userAction = parkReason(error)
        if (userAction !== undefined) {
          const probe = yield* paced(probePolicy, userAction)
          return yield* probe.next(error)
        }
        if (error._tag === "NamespaceRefused") {
          const rejoin = yield* paced(namespacePolicy)
          return yield* rejoin.next(error)
        }
        if (State.isSettled(yield* state)) yield* reconnect.reset
        return yield* Effect.race(reconnect.next(error), upstream.awaitReturn)
      }).pipe(Effect.orDie) // no policy here ever ends

    const live: Effect.Effect<void, never, Exclude<R, Scope.Scope>> = Effect.matchEffect(
      Effect.scoped(Effect.zipRight(become(State.connecting), session(telling))),
      {
        onFailure: (error) => Effect.zipRight(pause(error), live),
        onSuccess: () => Effect.void
      }
    )
    yield* live
  })

const startOf = (decision: ScheduleDecision.ScheduleDecision): number =>
  ScheduleDecision.isContinue(decision) ? ScheduleIntervals.start(decision.intervals) : 0
