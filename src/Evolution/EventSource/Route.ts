/** The way of one instance's events from a shared link to its sink; events wait here until it runs. */
import { type Cause, Effect, Exit } from "effect"
import type { RawEvent } from "../../Domain/Event.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import * as Flow from "./Flow.ts"
import type { Sink } from "./Sink.ts"

/** Events that may wait for one instance; beyond that, the link waits. */
const capacity = 64

export interface Route {
  /** Takes events as they come; `undefined`: they are buffered. */
  sink: Sink | undefined
  /** Events that the sink has not taken, oldest first. An event leaves once the sink has taken it. */
  buffer: Array<RawEvent>
  ended: Exit.Exit<void, LinkError> | undefined
  readonly last: Flow.Last
  /** Resumes the run that awaits the end. */
  onEnd: (() => void) | undefined
  /** Resumes the link that awaits room. */
  onRoom: (() => void) | undefined
}

export const make = (): Route => ({
  sink: undefined,
  buffer: [],
  ended: undefined,
  last: Flow.nothing(),
  onEnd: undefined,
  onRoom: undefined
})

/** Buffers an event; false: the buffer is full. */
export const tryBuffer = ({ buffer }: Route, event: RawEvent): boolean => {
  if (buffer.length >= capacity) return false
  buffer.push(event)
  return true
}

const drop = (route: Route, count: number): void => {
  const { buffer, onRoom } = route
  route.buffer = buffer.slice(count)
  route.onRoom = undefined
  onRoom?.()
}

/** Waits until the buffer has room. */
export const awaitRoom = (route: Route): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (route.buffer.length < capacity) return resume(Effect.void)
    route.onRoom = () => resume(Effect.void)
  })

/** `receivedAt` of the oldest event that the sink has not taken; `undefined`: it has taken all. */
export const untakenSince = ({ buffer }: Route): number | undefined => buffer[0]?.receivedAt

/** Hands buffered events to the sink and then lets all events through, until the link ends. */
export const run = (route: Route, sink: Sink): Effect.Effect<void, LinkError> => {
  const next: Effect.Effect<void, LinkError> = Effect.suspend(() => {
    const count = route.buffer.length
    if (count === 0) {
      // In one step with the look at the buffer: the next event must not be buffered.
      if (route.ended === undefined) route.sink = sink
      return awaitEnd(route)
    }
    return Effect.flatMap(sink(route.buffer.slice()), () => {
      drop(route, count)
      return next
    })
  })
  return next
}

const awaitEnd = (route: Route): Effect.Effect<void, LinkError> =>
  Effect.async((resume) => {
    const done = () => resume(route.ended ?? Exit.void)
    if (route.ended !== undefined) return done()
    route.onEnd = done
    // The run is given up: later events are buffered again.
    return Effect.sync(() => {
      route.sink = undefined
      route.onEnd = undefined
    })
  })

/** Ends the run with this exit, after the buffered events. */
export const finish = (route: Route, exit: Exit.Exit<void, LinkError>): void => {
  route.ended ??= exit
  route.sink = undefined
  route.onEnd?.()
}

/** Ends the run with a bug that the sink met in this event, which stays untaken. */
export const crash = (route: Route, cause: Cause.Cause<never>, event: RawEvent): void => {
  route.buffer.push(event)
  finish(route, Exit.failCause(cause))
}

/** Drops the buffered events of a listener that has left, so that the link does not wait for it. */
export const leave = (route: Route): void => drop(route, route.buffer.length)
