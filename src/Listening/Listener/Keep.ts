/** Keeps a link up: runs attempt after attempt, each with a session of its own, and reports the states. */
import { DateTime, Effect, Scope } from "effect"
import type { LinkError } from "../../Domain/LinkError.ts"
import * as State from "../../Domain/ListenerState.ts"
import { type Pacing, stableAfter } from "../Pacing.ts"

/** Takes every change of state, in order. */
export type Report = (state: State.ListenerState) => Effect.Effect<void>

type Transition = (from: State.ListenerState, now: DateTime.Utc) => State.ListenerState

/** The signals of a session. */
export interface Signals {
  /** The link is up; it becomes stable if the session lasts for `stableAfter` from now on. */
  readonly established: Effect.Effect<void>
  /** The server refused for now, and the attempt goes on. */
  readonly refused: (error: LinkError) => Effect.Effect<void>
}

/** `scope` is closed with the session's end. It is not in the context: ten thousand contexts are dear. */
export type Session = (
  signals: Signals,
  scope: Scope.Scope
) => Effect.Effect<void, State.SessionError>

/** Runs a session again and again, until one ends without an error. */
export const keep = (
  { pace }: Pacing["Type"],
  report: Report,
  session: Session
): Effect.Effect<void> =>
  Effect.flatMap(Effect.zip(pace, DateTime.now), ([{ up, wait }, began]) => {
    let state = State.stopped(began)

    const become = (transition: Transition) =>
      Effect.flatMap(DateTime.now, (now) => {
        state = transition(state, now)
        return report(state)
      })

    const signalsOf = (generation: number, scope: Scope.Scope): Signals => {
      /** A late signal of an earlier attempt does not touch the state of a later one. */
      const becomeIn = (transition: Transition) =>
        Effect.suspend(() =>
          State.generationOf(state) === generation ? become(transition) : Effect.void
        )
      const stable = Effect.forkIn(Effect.delay(becomeIn(State.stable), stableAfter), scope)
      return {
        established: up.pipe(Effect.zipRight(becomeIn(State.listening)), Effect.zipRight(stable)),
        refused: (error) => becomeIn((from) => State.refused(from, error))
      }
    }

    const pause = (error: State.SessionError) =>
      Effect.suspend(() =>
        wait(
          { error, wasUp: state._tag === "Listening", wasStable: State.isStable(state) },
          ({ isFlapping, nextAttempt, userAction }) =>
            become((from, since) =>
              userAction === undefined
                ? State.waiting(from, { since, nextAttempt, isFlapping, error })
                : State.parked(from, { since, nextAttempt, error, userAction })
            )
        )
      )

    const attempt = Effect.flatMap(
      Effect.zipRight(become(State.connecting), Scope.make()),
      (scope) =>
        Effect.onExit(session(signalsOf(State.generationOf(state), scope), scope), (exit) =>
          Scope.close(scope, exit)
        )
    )

    const live: Effect.Effect<void> = Effect.matchEffect(attempt, {
      onFailure: (error) => Effect.zipRight(pause(error), live),
      onSuccess: () => Effect.void
    })
    return live
  })
