/** **The actor**: one instance's life, from the first dial to the wish to stop. */
import { Cause, Clock, Duration, Effect, Exit, Option, Queue, Scope } from "effect"
import { causeOf } from "../Domain/Gap.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import type { SessionError } from "../Domain/ListenerState.ts"
import { EventSource, type Sink, type Subscription } from "../Evolution/EventSource.ts"
import { Ingest } from "../Log/Ingest.ts"
import { GapLedger, transit } from "./GapLedger.ts"
import { keep, type Report, type Telling } from "./Listener/Keep.ts"
import { Pacing } from "./Pacing.ts"
import { Recovery } from "./Recovery.ts"

/**
 * Listens to one instance until interrupted, or until the source is quiesced. Never fails: what can
 * go wrong is a state. Dies only of a bug, which is the supervisor's affair.
 */
export type Run = (name: InstanceName, report: Report) => Effect.Effect<void>

/** A link that is up. */
interface Session {
  readonly subscription: Subscription
  readonly scope: Scope.Scope
  isRecovering: boolean
  /** A gap has closed that recovery may not have seen. */
  missed: boolean
  /** What made recovery end the session. */
  failed: Exit.Exit<never, SessionError> | undefined
}

/**
 * Made once for all listeners: their events go one way, together where they come together; and one
 * that has nothing to do but to listen is a fiber and nothing more, for there may be ten thousand.
 */
export const make = Effect.gen(function* () {
  const source = yield* EventSource
  const ingest = yield* Ingest
  const ledger = yield* GapLedger
  const pacing = yield* Pacing
  const recovery = yield* Recovery
  const sessions = new Map<InstanceName, Session>()

  const over = (name: InstanceName) => Effect.sync(() => sessions.delete(name))

  const handOn: Sink = (events) => ingest.receive(events, "live")

  /** What is to be fetched again; and once more, if a gap has closed meanwhile. */
  const backfill = (name: InstanceName, session: Session): Effect.Effect<void> =>
    Effect.suspend(() => {
      session.missed = false
      return ledger.pending(name).length > 0 ? recovery.backfill(name) : Effect.void
    }).pipe(
      Effect.flatMap(() => {
        session.isRecovering = session.missed
        return session.missed ? backfill(name, session) : Effect.void
      })
    )

  /** Goes on beside the link, and ends with it; what it fails of ends the link. */
  const beside = (session: Session, recover: Effect.Effect<void, SessionError>) =>
    recover.pipe(
      Effect.catchAllCause((cause) => {
        if (Cause.isInterruptedOnly(cause)) return Effect.void
        session.failed = Exit.failCause(cause)
        return session.subscription.end
      }),
      Effect.forkIn(session.scope)
    )

  /** A gap can close while the link holds, too. */
  yield* Queue.take(ledger.closed).pipe(
    Effect.flatMap((name) => {
      const session = sessions.get(name)
      if (session === undefined) return Effect.void
      session.missed = true
      if (session.isRecovering) return Effect.void
      session.isRecovering = true
      return Effect.annotateLogs(beside(session, backfill(name, session)), "instance", name)
    }),
    Effect.forever,
    Effect.forkScoped
  )

  /** Unless it was we who ended it, a gap begins. */
  const missing = (
    name: InstanceName,
    exit: Exit.Exit<unknown, SessionError>,
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

  const begin = Effect.fnUntraced(function* (
    name: InstanceName,
    { established, refused }: Telling,
    scope: Scope.Scope
  ) {
    const began = yield* Clock.currentTimeMillis
    const subscription = yield* source
      .open(name, (error) =>
        Effect.zipRight(missing(name, Exit.fail(error), began), refused(error))
      )
      .pipe(
        Scope.extend(scope),
        Effect.onExit((exit) => missing(name, exit, began))
      )
    yield* ledger.close(name)
    yield* established
    const session: Session = {
      subscription,
      scope,
      isRecovering: true,
      missed: false,
      failed: undefined
    }
    sessions.set(name, session)
    yield* Scope.addFinalizer(scope, over(name))
    const snapshot = source.calm.pipe(
      Effect.zipRight(recovery.snapshot(name)),
      Effect.flatMap((events) => ingest.receive(events, "snapshot"))
    )
    yield* beside(session, Effect.zipRight(snapshot, backfill(name, session)))
    return session
  })

  /** The gap begins with the last thing heard. */
  const end = Effect.fnUntraced(function* (
    name: InstanceName,
    { failed, subscription }: Session,
    exit: Exit.Exit<void, SessionError>
  ) {
    const why = failed ?? exit
    const { isHeldBack, until } = yield* subscription.heard
    // A long history holds a socket back as well, for a moment.
    const isQueueFull = isHeldBack && ((yield* ingest.fullUntil) ?? 0) >= until
    yield* missing(name, why, until - Duration.toMillis(transit), isQueueFull)
    yield* why
  })

  const run: Run = (name, report) =>
    keep(pacing, report, (telling, scope) =>
      begin(name, telling, scope).pipe(
        Effect.flatMap((session) =>
          Effect.flatMap(Effect.exit(session.subscription.run(handOn)), (exit) =>
            end(name, session, exit)
          )
        )
      )
    )
  return run
})
