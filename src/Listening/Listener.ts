/**
 * The session loop of one instance, from the first dial until it is interrupted. Where a link is shared, its
 * events pass the link's fiber, not the listener's.
 */
import { Cause, Clock, Duration, Effect, Exit, Option, Scope } from "effect"
import { causeOf } from "../Domain/Gap.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import type { SessionError } from "../Domain/ListenerState.ts"
import { EventSource, type Sink, type Subscription } from "../Evolution/EventSource.ts"
import { Ingest } from "../Log/Ingest.ts"
import { GapLedger, transit } from "./GapLedger.ts"
import { keep, type Report, type Signals } from "./Listener/Keep.ts"
import { Pacing } from "./Pacing.ts"
import { Recovery } from "./Recovery.ts"

/**
 * Listens to one instance until it is interrupted, or the source is quiesced. Never fails: every expected
 * failure is a state. Dies only of a bug; the supervisor restarts it.
 */
export type Run = (name: InstanceName, report: Report) => Effect.Effect<void>

type End = Exit.Exit<unknown, SessionError>

/** A link that is up. */
interface Session {
  readonly subscription: Subscription
  /** The failure of recovery, which ended the session. */
  failure: Exit.Exit<never, SessionError> | undefined
}

/**
 * Made once for all listeners, which share one sink: a shared link hands it events of several at once. A
 * listener on a link is one suspended fiber: there may be ten thousand.
 */
export const make = Effect.gen(function* () {
  const source = yield* EventSource
  const ingest = yield* Ingest
  const ledger = yield* GapLedger
  const pacing = yield* Pacing
  const recovery = yield* Recovery

  const handOn: Sink = (events) => ingest.receive(events, "live")

  /** An end by quiesce or interruption is our own; any other opens a gap. */
  const openGapUnlessOurs = (name: InstanceName, exit: End, from: number, isQueueFull = false) => {
    if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return Effect.void
    const cause = Option.match(Cause.failureOption(exit.cause), {
      onNone: () => "listener_crashed" as const,
      onSome: causeOf
    })
    return ledger.open(name, from, isQueueFull ? "queue_full" : cause)
  }

  /** A gap begins with the attempt, unless it succeeds. */
  const open = (name: InstanceName, { refused }: Signals, scope: Scope.Scope) =>
    Effect.flatMap(Clock.currentTimeMillis, (began) =>
      Effect.onExit(
        Scope.extend(
          source.open(name, (error) =>
            Effect.zipRight(openGapUnlessOurs(name, Exit.fail(error), began), refused(error))
          ),
          scope
        ),
        (exit) => openGapUnlessOurs(name, exit, began)
      )
    )

  /** The gap begins with the last event heard. */
  const openGapSince = (name: InstanceName, { heard }: Subscription, exit: End) =>
    Effect.gen(function* () {
      const { isHeldBack, until } = yield* heard
      // A long history also holds a socket back, for a moment.
      const isQueueFull = isHeldBack && ((yield* ingest.fullUntil) ?? 0) >= until
      yield* openGapUnlessOurs(name, exit, until - Duration.toMillis(transit), isQueueFull)
    })

  const begin = Effect.fnUntraced(function* (
    name: InstanceName,
    signals: Signals,
    scope: Scope.Scope
  ) {
    const importHistory = yield* ledger.begins(name)
    const subscription = yield* open(name, signals, scope)
    yield* ledger.close(name)
    yield* importHistory
    yield* signals.established
    const session: Session = { subscription, failure: undefined }
    yield* Scope.addFinalizer(scope, recovery.rest(name))
    yield* source.calm.pipe(
      Effect.zipRight(recovery.recover(name)),
      // A failure of recovery ends the link, after the events received are handed on.
      Effect.catchAllCause((cause) => {
        session.failure = Exit.failCause(cause)
        return subscription.end
      }),
      Effect.forkIn(scope)
    )
    return session
  })

  const end = Effect.fnUntraced(function* (
    name: InstanceName,
    { failure, subscription }: Session,
    exit: Exit.Exit<void, SessionError>
  ) {
    yield* openGapSince(name, subscription, failure ?? exit)
    yield* failure ?? exit
  })

  const run: Run = (name, report) =>
    keep(pacing, report, (signals, scope) =>
      begin(name, signals, scope).pipe(
        Effect.flatMap((session) =>
          Effect.flatMap(Effect.exit(session.subscription.run(handOn)), (exit) =>
            end(name, session, exit)
          )
        )
      )
    )
  return run
})
