/**
 * The way of one instance's events from a shared link to its listener: held until the listener runs,
 * and then straight into its sink.
 */
import { type Cause, Effect, Exit } from "effect"
import type { RawEvent } from "../../Domain/Event.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import type { Sink } from "./Sink.ts"

/** Events that may be held for one instance; then the link waits. */
const capacity = 64

export interface Route {
  /** Where its events go; `undefined`: they are held. */
  sink: Sink | undefined
  held: Array<RawEvent>
  /** When the first was received of those that were taken from here and are not handed on. */
  handing: number | undefined
  ended: Exit.Exit<void, LinkError> | undefined
  /** Tells its run that it has ended. */
  onEnd: (() => void) | undefined
  /** Tells the link that there is room. */
  onRoom: (() => void) | undefined
}

export const make = (): Route => ({
  sink: undefined,
  held: [],
  handing: undefined,
  ended: undefined,
  onEnd: undefined,
  onRoom: undefined
})

/** Holds an event, unless too many are held. */
export const holds = (route: Route, event: RawEvent): boolean => {
  if (route.held.length >= capacity) return false
  route.held.push(event)
  return true
}

const takeHeld = (route: Route): ReadonlyArray<RawEvent> => {
  const { held, onRoom } = route
  route.held = []
  route.onRoom = undefined
  onRoom?.()
  return held
}

/** Waits until another event can be held, or the listener has left. */
export const room = (route: Route): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (route.held.length < capacity) return resume(Effect.void)
    route.onRoom = () => resume(Effect.void)
  })

/** When the first was received that its listener has not taken in; `undefined`: all is. */
export const unread = ({ handing, held }: Route): number | undefined =>
  handing ?? held[0]?.receivedAt

/** Hands on what is held, and from then on lets everything through, until the link's end. */
export const run = (route: Route, sink: Sink): Effect.Effect<void, LinkError> => {
  const next: Effect.Effect<void, LinkError> = Effect.suspend(() => {
    const [first] = route.held
    if (first === undefined) {
      // At once with the look: what comes next must not be held any more.
      if (route.ended === undefined) route.sink = sink
      return end(route)
    }
    route.handing = first.receivedAt
    return Effect.flatMap(sink(takeHeld(route)), () => {
      route.handing = undefined
      return next
    })
  })
  return next
}

const end = (route: Route): Effect.Effect<void, LinkError> =>
  Effect.async((resume) => {
    const done = () => resume(route.ended ?? Exit.void)
    if (route.ended !== undefined) return done()
    route.onEnd = done
    // Given up: what comes is held again.
    return Effect.sync(() => {
      route.sink = undefined
      route.onEnd = undefined
    })
  })

/** Its run ends so, after what is held. */
export const finish = (route: Route, exit: Exit.Exit<void, LinkError>): void => {
  route.ended ??= exit
  route.sink = undefined
  route.onEnd?.()
}

/** What was handed on, received since then, met a bug. */
export const crash = (route: Route, cause: Cause.Cause<never>, since: number): void => {
  route.handing = since
  finish(route, Exit.failCause(cause))
}

/** The listener has left: nothing waits for it. */
export const leave = (route: Route): void => {
  takeHeld(route)
}
