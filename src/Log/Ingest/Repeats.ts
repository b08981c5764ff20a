/**
 * Collapses `connecting` that Evolution repeats for an instance that does not reach WhatsApp, once or more a
 * second and without end. The first one is logged; then one event of our own a minute says how many followed.
 */
import { Duration, Effect, Either, Redacted } from "effect"
import { type EvolutionEvent, ofOurs } from "../../Domain/Event.ts"
import type { Scrub } from "../../Domain/Scrub.ts"
import type { Decoded } from "./Item.ts"

/** The event that tells how often `connecting` was repeated. */
export const eventName = "connection.repeated"

const window = Duration.toMillis("1 minute")

/** Repeats of one instance that the log does not have. Times are in ms since 1970 UTC. */
interface Run {
  readonly instance: string
  readonly json: string
  /** Time of the last row about it. */
  toldAt: number
  from: number
  to: number
  count: number
}

export const make = (scrub: Scrub) => {
  const runs = new Map<string, Run>()
  const begun = Effect.unsafeMakeLatch()

  /** The event about a run's repeats, if there are any. */
  const tell = (run: Run): ReadonlyArray<Decoded> => {
    const { count, from, instance, to } = run
    run.toldAt = to
    run.count = 0
    if (count === 0) return []
    const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
    const data = { state: "connecting", count, ...span }
    return [Either.right(ofOurs({ instance, event: eventName, data, receivedAt: to }, scrub))]
  }

  const end = (instance: string): ReadonlyArray<Decoded> => {
    const run = runs.get(instance)
    runs.delete(instance)
    return run === undefined ? [] : tell(run)
  }

  const repeat = (run: Run, at: number): ReadonlyArray<Decoded> => {
    if (run.count++ === 0) run.from = at
    run.to = at
    return at - run.toldAt < window ? [] : tell(run)
  }

  const sift = (event: EvolutionEvent): ReadonlyArray<Decoded> => {
    if (event.lifeCycle === null || event.origin !== "live") return [Either.right(event)]
    const { instance, receivedAt: at } = event
    if (!isConnecting(event)) return [...end(instance), Either.right(event)]
    const json = String(event.json)
    const run = runs.get(instance)
    if (run?.json === json) return repeat(run, at)
    const before = end(instance)
    runs.set(instance, { instance, json, toldAt: at, from: at, to: at, count: 0 })
    begun.unsafeOpen()
    return [...before, Either.right(event)]
  }

  return {
    /** The events to log, in order. */
    sift: (events: ReadonlyArray<Decoded>): ReadonlyArray<Decoded> =>
      events.some(isLifeCycle)
        ? events.flatMap((event) => (Either.isRight(event) ? sift(event.right) : [event]))
        : events,
    /** Waits until there is a run. */
    any: Effect.suspend(() => {
      if (runs.size === 0) begun.unsafeClose()
      return begun.await
    }),
    /** True if `due` has anything to do. */
    isDue: (before: number): boolean => [...runs.values()].some(({ toldAt }) => toldAt <= before),
    /** Tells of the repeats before a time; a run that was not repeated since ends. */
    due: (before: number): ReadonlyArray<Decoded> =>
      [...runs.values()]
        .filter(({ toldAt }) => toldAt <= before)
        .flatMap((run) => (run.count === 0 ? end(run.instance) : tell(run)))
  }
}

/** Most batches have messages alone. */
const isLifeCycle = (event: Decoded): boolean =>
  Either.isRight(event) && event.right.lifeCycle !== null

const isConnecting = ({ lifeCycle }: EvolutionEvent): boolean => {
  const happened = lifeCycle === null ? null : Redacted.value(lifeCycle)
  return happened?.event === "connection.update" && happened.data.state === "connecting"
}
