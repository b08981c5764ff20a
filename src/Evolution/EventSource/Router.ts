/** Routes the events of a shared link by the instance that each names. */
import { Cause, Effect, type Exit, Mailbox } from "effect"
import { instanceOf, type RawEvent } from "../../Domain/Event.ts"
import { isInstanceName } from "../../Domain/Instance.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import * as Flow from "./Flow.ts"
import * as Route from "./Route.ts"
import type { Sink } from "./Sink.ts"

/** Created instances whose events are held until a listener opens them; beyond that, the oldest is let go. */
const maxHeld = 64

interface Watcher {
  readonly created: Mailbox.Mailbox<string, LinkError>
  readonly isWanted: (name: string) => boolean
}

export interface Router {
  readonly routes: Map<string, Route.Route>
  /** Created instances whose route no listener has claimed yet, oldest first. */
  readonly held: Set<string>
  /** Instances whose route is there before their listener, which comes at once. */
  readonly expected: Set<string>
  readonly watchers: Set<Watcher>
  /** Takes the instance of each event that is dropped. */
  readonly onIgnored: (name: string) => void
  /** Of all instances, also of those that no route is there for. */
  readonly last: Flow.Last
  ended: Exit.Exit<void, LinkError> | undefined
}

export const make = (onIgnored: (name: string) => void): Router => ({
  routes: new Map(),
  held: new Set(),
  expected: new Set(),
  watchers: new Set(),
  onIgnored,
  last: Flow.nothing(),
  ended: undefined
})

/** The route of an instance whose listener is there from now on. */
export const claim = (router: Router, name: string): Route.Route => {
  const { ended, expected, held, routes } = router
  const isThere = held.delete(name) || expected.delete(name)
  const route = (isThere ? routes.get(name) : undefined) ?? Route.make()
  routes.set(name, route)
  if (ended !== undefined) Route.finish(route, ended)
  return route
}

/** Opens routes for listeners that come at once. */
export const expect = ({ expected, routes }: Router, names: ReadonlyArray<string>): void => {
  for (const name of names) {
    if (routes.has(name)) continue
    expected.add(name)
    routes.set(name, Route.make())
  }
}

/** Closes the routes whose listeners did not come. Gives their names. */
export const unexpect = ({ expected, onIgnored, routes }: Router): ReadonlyArray<string> => {
  const names = [...expected]
  expected.clear()
  for (const name of names) {
    const route = routes.get(name)
    routes.delete(name)
    if (route === undefined) continue
    for (const _ of route.buffer) onIgnored(name)
    Route.leave(route)
  }
  return names
}

/** Ends a listener's route; the batch that its sink is working on is not taken back. */
export const leave = ({ routes }: Router, name: string, route: Route.Route): void => {
  if (routes.get(name) === route) routes.delete(name)
  Route.leave(route)
}

/** Watches for created instances that are wanted, until the scope closes. */
export const watch = ({ ended, watchers }: Router, isWanted: Watcher["isWanted"]) =>
  Effect.acquireRelease(
    Effect.map(
      Mailbox.make<string, LinkError>({ capacity: maxHeld, strategy: "sliding" }),
      (created): Watcher => {
        const watcher = { created, isWanted }
        watchers.add(watcher)
        if (ended !== undefined) created.unsafeDone(ended)
        return watcher
      }
    ),
    (watcher) => {
      watchers.delete(watcher)
      return watcher.created.shutdown
    }
  )

/** Ends every route and watcher with the link's exit, after their last event. */
export const finish = (router: Router, exit: Exit.Exit<void, LinkError>): void => {
  router.ended = exit
  for (const route of router.routes.values()) Route.finish(route, exit)
  for (const { created } of router.watchers) created.unsafeDone(exit)
}

/** `until`, or an earlier time at which an event was received that these routes' sinks have not taken. */
export const heardUntil = (routes: Iterable<Route.Route>, until: number): number => {
  let least = until
  for (const route of routes) least = Math.min(least, Route.untakenSince(route) ?? least)
  return least
}

/** The routes that have a listener; a held one may never get one. */
export function* claimed({ held, routes }: Router): Generator<Route.Route> {
  for (const [name, route] of routes) if (!held.has(name)) yield route
}

/** Hands a batch on in order; neighbours that go to one sink go in one call. */
export const deliver = (router: Router, batch: ReadonlyArray<RawEvent>): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (batch.length === 0) return Effect.void
    const { events, rest, sink, then } = split(router, batch)
    return (sink === undefined ? Effect.void : handOn(router, sink, events)).pipe(
      Effect.zipRight(then),
      Effect.zipRight(deliver(router, rest))
    )
  })

/** Splits off the events that go to one sink, and the work that has to be done before the rest. */
const split = (router: Router, batch: ReadonlyArray<RawEvent>) => {
  const events: Array<RawEvent> = []
  let sink: Sink | undefined
  let seen = 0
  const upTo = (count: number, then: Effect.Effect<void> = Effect.void) => ({
    events,
    sink,
    then,
    rest: count === batch.length ? [] : batch.slice(count)
  })
  for (const event of batch) {
    const name = instanceOf(event)
    const route = routeOf(router, name)
    Flow.note(router.last, event)
    if (route !== undefined) Flow.note(route.last, event)
    if (route?.sink !== undefined) {
      if (sink !== undefined && sink !== route.sink) return upTo(seen)
      sink = route.sink
      events.push(event)
    } else if (route === undefined) {
      if (name === undefined || !hold(router, name, event)) router.onIgnored(name ?? "")
      const oldest = tooMany(router)
      if (oldest !== undefined) return upTo(seen + 1, letGo(router, oldest))
    } else if (!Route.tryBuffer(route, event)) {
      if (name === undefined || !router.held.has(name)) return upTo(seen, Route.awaitRoom(route))
      router.onIgnored(name)
      return upTo(seen + 1, letGo(router, name))
    }
    seen++
  }
  return upTo(seen)
}

/** An event that names no instance, or one that cannot be, goes to any listener, which puts it in quarantine. */
const routeOf = (router: Router, name: string | undefined): Route.Route | undefined => {
  const known = name === undefined ? undefined : router.routes.get(name)
  if (known !== undefined || (name !== undefined && isInstanceName(name))) return known
  return claimed(router).next().value
}

/** A defect of the sink ends the runs of these events' instances, and not the link. */
const handOn = (router: Router, sink: Sink, events: ReadonlyArray<RawEvent>): Effect.Effect<void> =>
  Effect.catchAllCause(sink(events), (cause) => {
    if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause)
    return Effect.sync(() => {
      for (const event of events) {
        const route = routeOf(router, instanceOf(event))
        if (route?.sink === sink) Route.crash(route, cause, event)
      }
    })
  })

/**
 * Opens a route for an instance that has just been created, so that its first QR code is not lost. False:
 * nobody wants it.
 */
const hold = ({ held, routes, watchers }: Router, name: string, event: RawEvent): boolean => {
  if (event.name !== "instance.create") return false
  const wanting = [...watchers].filter(({ isWanted }) => isWanted(name))
  if (wanting.length === 0) return false
  const route = Route.make()
  Route.tryBuffer(route, event)
  routes.set(name, route)
  held.add(name)
  for (const { created } of wanting) created.unsafeOffer(name)
  return true
}

/** The instance that has to be let go for those that were created after it. */
const tooMany = ({ held }: Router): string | undefined => {
  const [oldest] = held
  return held.size > maxHeld ? oldest : undefined
}

const letGo = ({ held, onIgnored, routes }: Router, name: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    // A listener may have claimed it meanwhile.
    if (!held.delete(name)) return Effect.void
    const dropped = routes.get(name)?.buffer.length ?? 0
    for (let count = 0; count < dropped; count++) onIgnored(name)
    routes.delete(name)
    return Effect.logWarning(
      `No listener was started for the created instance "${name}": its events are dropped`
    ).pipe(Effect.annotateLogs("instance", name))
  })
