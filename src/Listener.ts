/** **The actor**: one instance's life, from the first dial to the wish to stop. */
import { Cause, Clock, DateTime, Duration, Effect, Exit, Option, Ref, type Scope } from "effect"
import { causeOf } from "./Domain/Gap.ts"
import type { InstanceName } from "./Domain/Instance.ts"
import type { LinkError } from "./Domain/LinkError.ts"
import * as State from "./Domain/ListenerState.ts"
import { EventSource, type Subscription } from "./EventSource.ts"
import { GapLedger, transit } from "./GapLedger.ts"
import { Ingest } from "./Ingest.ts"
import { Pacing } from "./Pacing.ts"
import { Recovery } from "./Recovery.ts"

/** A link that ends sooner has not settled: the delays go on growing. */
export const settlingTime = Duration.seconds(10)

/** Told of every change of state, in order. */
export type Report = (state: State.ListenerState) => Effect.Effect<void>

type Transition = (from: State.ListenerState, now: DateTime.Utc) => State.ListenerState

/**
 * Listens to one instance until interrupted, or until the source is quiesced. Never fails: what can
 * go wrong is a state. Dies only of a bug, which is the supervisor's affair.
 */
export type Run = (name: InstanceName, report: Report) => Effect.Effect<void, never, Pacing>

/** Made once for all instances: their events go one way, together where they come together. */
export const make: Effect.Effect<Run, never, EventSource | GapLedger | Ingest | Recovery> =
  Effect.gen(function* () {
    const source = yield* EventSource
    const ingest = yield* Ingest
    const ledger = yield* GapLedger
    const recovery = yield* Recovery

    const handOn: Parameters<Subscription["run"]>[0] = (events) => ingest.receive(events, "live")

    /** While the link is up. Ends with it; then the gap begins with the last thing heard. */
    const listen = (name: InstanceName, { run }: Subscription) => {
      const recover = Effect.gen(function* () {
        yield* ingest.receive(yield* recovery.snapshot(name), "snapshot")
        // A gap can close while the link holds, too.
        return yield* Effect.forever(
          Effect.zipRight(ledger.awaitPending(name), recovery.backfill(name))
        )
      })
      return Effect.raceFirst(run(handOn), recover)
    }

    /** Unless it was we who ended it, a gap begins. */
    const missing = (
      name: InstanceName,
      exit: Exit.Exit<unknown, State.SessionError>,
      from: number,
      isQueueFull = false
    ) => {
      if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return Effect.void
      const cause = Option.match(Cause.failureOption(exit.cause), {
        onNone: () => "listener_crashed" as const,
        onSome: causeOf
      })
      return ledger.open(name, from, isQueueFull ? "queue_full" : cause)
    }

    const session = (name: InstanceName, { established, refused }: Telling) =>
      Effect.gen(function* () {
        const began = yield* Clock.currentTimeMillis
        const subscription = yield* source
          .open(name, (error) =>
            Effect.zipRight(missing(name, Exit.fail(error), began), refused(error))
          )
          .pipe(Effect.onExit((exit) => missing(name, exit, began)))
        yield* ledger.close(name)
        yield* established
        yield* Effect.onExit(listen(name, subscription), (exit) =>
          Effect.gen(function* () {
            const { isHeldBack, until } = yield* subscription.heard
            // A long history holds a socket back as well, for a moment.
            const isQueueFull = isHeldBack && ((yield* ingest.fullUntil) ?? 0) >= until
            yield* missing(name, exit, until - Duration.toMillis(transit), isQueueFull)
          })
        )
      })

    return (name, report) => keep(report, (telling) => session(name, telling))
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
): Effect.Effect<void, never, Pacing | Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const pace = yield* (yield* Pacing).pace
    const state = yield* Ref.make(State.stopped(yield* DateTime.now))

    const become = (transition: Transition) =>
      Effect.flatMap(DateTime.now, (now) =>
        Effect.flatMap(
          Ref.updateAndGet(state, (from) => transition(from, now)),
          report
        )
      )

    /** Nothing that an earlier attempt still says touches the state of a later one. */
    const becomeIn = (generation: number, transition: Transition) =>
      Effect.flatMap(state, (now) =>
        State.generationOf(now) === generation ? become(transition) : Effect.void
      )

    const telling = (generation: number): Telling => ({
      established: pace.up.pipe(
        Effect.zipRight(becomeIn(generation, State.listening)),
        Effect.zipRight(
          Effect.forkScoped(Effect.delay(becomeIn(generation, State.settled), settlingTime))
        ),
        Effect.asVoid
      ),
      refused: (error) => becomeIn(generation, (from) => State.refused(from, error))
    })

    const pause = (error: State.SessionError) =>
      Effect.flatMap(state, (now) =>
        pace.wait(
          { error, wasUp: now._tag === "Listening", wasSettled: State.isSettled(now) },
          ({ isFlapping, nextAttempt, userAction }) =>
            become((from, since) =>
              userAction === undefined
                ? State.waiting(from, { since, nextAttempt, isFlapping, error })
                : State.parked(from, { since, nextAttempt, error, userAction })
            )
        )
      )

    const attempt = Effect.gen(function* () {
      yield* become(State.connecting)
      yield* session(telling(State.generationOf(yield* state)))
    })

    const live: Effect.Effect<void, never, Exclude<R, Scope.Scope>> = Effect.matchEffect(
      Effect.scoped(attempt),
      {
        onFailure: (error) => Effect.zipRight(pause(error), live),
        onSuccess: () => Effect.void
      }
    )
    yield* live
  }).pipe(Effect.scoped)
