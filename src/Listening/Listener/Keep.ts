/** Keeps a link: attempt after attempt, each with a session of its own, and what state that is. */
import { DateTime, Effect, Scope } from "effect"
import type { LinkError } from "../../Domain/LinkError.ts"
import * as State from "../../Domain/ListenerState.ts"
import type { Pacing } from "../Pacing.ts"

/** Told of every change of state, in order. */
export type Report = (state: State.ListenerState) => Effect.Effect<void>

type Transition = (from: State.ListenerState, now: DateTime.Utc) => State.ListenerState

/** What a session tells of itself. */
export interface Telling {
  /** The link is up; it settles when the session lasts as long as `settlingTime`. */
  readonly established: Effect.Effect<void>
  /** The server said no for now, and the attempt goes on. */
  readonly refused: (error: LinkError) => Effect.Effect<void>
}

/** `scope` is closed with the session's end. */
export type Session = (
  telling: Telling,
  scope: Scope.Scope
) => Effect.Effect<void, State.SessionError>

/** Runs a session again and again, until one ends without an error. */
export const keep = (
  { pace, whenSettled }: Pacing["Type"],
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

    const telling = (generation: number, isOver: () => boolean): Telling => {
      /** Nothing that an earlier attempt still says touches the state of a later one. */
      const becomeIn = (transition: Transition) =>
        Effect.suspend(() =>
          State.generationOf(state) === generation ? become(transition) : Effect.void
        )
      const settled = Effect.suspend(() => (isOver() ? Effect.void : becomeIn(State.settled)))
      return {
        established: Effect.suspend(() =>
          up.pipe(Effect.zipRight(becomeIn(State.listening)), Effect.zipRight(whenSettled(settled)))
        ),
        refused: (error) => becomeIn((from) => State.refused(from, error))
      }
    }

    const pause = (error: State.SessionError) =>
      Effect.suspend(() =>
        wait(
          { error, wasUp: state._tag === "Listening", wasSettled: State.isSettled(state) },
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
      (scope) => {
        let isOver = false
        return Effect.onExit(
          session(
            telling(State.generationOf(state), () => isOver),
            scope
          ),
          (exit) => {
            isOver = true
            return Scope.close(scope, exit)
          }
        )
      }
    )

    const live: Effect.Effect<void> = Effect.matchEffect(attempt, {
      onFailure: (error) => Effect.zipRight(pause(error), live),
      onSuccess: () => Effect.void
    })
    return live
  })
