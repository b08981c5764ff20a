/** **The actor**: one instance's life, from the first dial to the wish to stop. */
import {
  Cause,
  Chunk,
  Clock,
  DateTime,
  Duration,
  Effect,
  Exit,
  Option,
  Ref,
  type Scope,
  Stream
} from "effect"
import type { RawEvent } from "./Domain/Event.ts"
import { causeOf } from "./Domain/Gap.ts"
import type { InstanceName } from "./Domain/Instance.ts"
import type { LinkError } from "./Domain/LinkError.ts"
import * as State from "./Domain/ListenerState.ts"
import { EventSource } from "./EventSource.ts"
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
export const run = (
  name: InstanceName,
  report: Report
): Effect.Effect<void, never, EventSource | GapLedger | Ingest | Pacing | Recovery> =>
  Effect.gen(function* () {
    const source = yield* EventSource
    const ingest = yield* Ingest
    const ledger = yield* GapLedger
    const recovery = yield* Recovery

    /** When the first was received of those that are being handed on; `undefined`: none is. */
    let handing: number | undefined

    const handOn = (chunk: Chunk.Chunk<RawEvent>) =>
      Effect.suspend(() => {
        handing = Option.getOrUndefined(Chunk.head(chunk))?.receivedAt
        return ingest.receive(chunk, "live")
      }).pipe(
        Effect.tap(() =>
          Effect.sync(() => {
            handing = undefined
          })
        )
      )

    /** While the link is up. Ends with it; then the gap begins with the last thing heard. */
    const listen = Effect.fn(function* (events: Stream.Stream<RawEvent, LinkError>) {
      const live = Stream.runForEachChunk(events, handOn)
      const recover = Effect.gen(function* () {
        yield* ingest.receive(yield* recovery.snapshot(name), "snapshot")
        // A gap can close while the link holds, too.
        return yield* Effect.forever(
          Effect.zipRight(ledger.awaitPending(name), recovery.backfill(name))
        )
      })
      return yield* Effect.raceFirst(live, recover)
    })

    /** Unless it was we who ended it, a gap begins. */
    const missing = (
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

    yield* keep(report, ({ established, refused }) =>
      Effect.gen(function* () {
        const began = yield* Clock.currentTimeMillis
        const { events, heard } = yield* source
          .open(name, (error) => Effect.zipRight(missing(Exit.fail(error), began), refused(error)))
          .pipe(Effect.onExit((exit) => missing(exit, began)))
        yield* ledger.close(name)
        handing = undefined
        yield* established
        yield* Effect.onExit(listen(events), (exit) =>
          Effect.gen(function* () {
            const { isHeldBack, until } = yield* heard
            // A long history holds a socket back as well, for a moment.
            const isQueueFull = isHeldBack && ((yield* ingest.fullUntil) ?? 0) >= until
            // What we have in hand then nobody will have.
            const from = Math.min(until, handing ?? until) - Duration.toMillis(transit)
            yield* missing(exit, from, isQueueFull)
          })
        )
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
