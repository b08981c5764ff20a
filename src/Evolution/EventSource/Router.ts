/** Where each event of a shared link goes, by the instance it names. */
import { Cause, Effect, type Exit, Mailbox } from "effect"
import { instanceOf, type RawEvent } from "../../Domain/Event.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import * as Route from "./Route.ts"
import type { Sink } from "./Sink.ts"

/** Created instances whose events are held for a listener to come; the oldest makes room. */
const maxHeld = 64

export interface Router {
  readonly routes: Map<string, Route.Route>
  /** Names of created instances whose route nobody has claimed yet, oldest first. */
  readonly held: Set<string>
  readonly watchers: Set<Mailbox.Mailbox<string, LinkError>>
  /** When the first was received of those that are being routed; `undefined`: none is. */
  routing: number | undefined
  ended: Exit.Exit<void, LinkError> | undefined
}

export const make = (): Router => ({
  routes: new Map(),
  held: new Set(),
  watchers: new Set(),
  routing: undefined,
  ended: undefined
})

/** The route of an instance, for whoever listens to it from now on. */
export const claim = (router: Router, name: string): Route.Route => {
  const { ended, held, routes } = router
  const route = (held.delete(name) ? routes.get(name) : undefined) ?? Route.make()
  routes.set(name, route)
  if (ended !== undefined) Route.finish(route, ended)
  return route
}

/** What is in the link's hands already is handed on all the same. */
export const leave = ({ routes }: Router, name: string, route: Route.Route): void => {
  if (routes.get(name) === route) routes.delete(name)
  Route.leave(route)
}

/** Somebody to tell of created instances. */
export const watch = ({ ended, watchers }: Router) =>
  Effect.acquireRelease(
    Effect.tap(
      Mailbox.make<string, LinkError>({ capacity: maxHeld, strategy: "sliding" }),
      (watcher) => {
        watchers.add(watcher)
        if (ended !== undefined) watcher.unsafeDone(ended)
      }
    ),
    (watcher) => {
      watchers.delete(watcher)
      return watcher.shutdown
    }
  )

/** Everybody on the link learns how it ended, after the last event they have not read yet. */
export const finish = (router: Router, exit: Exit.Exit<void, LinkError>): void => {
  router.ended = exit
  for (const route of router.routes.values()) Route.finish(route, exit)
  for (const watcher of router.watchers) watcher.unsafeDone(exit)
}

/** What was received and is still between the socket and a listener is not heard. */
export const heardUntil = (
  { routing }: Router,
  routes: Iterable<Route.Route>,
  until: number
): number => {
  let least = Math.min(until, routing ?? until)
  for (const route of routes) least = Math.min(least, Route.unread(route) ?? least)
  return least
}

/** The routes with a listener behind them; a held one may never get any. */
export function* claimed({ held, routes }: Router): Generator<Route.Route> {
  for (const [name, route] of routes) if (!held.has(name)) yield route
}

/** Hands a batch on in its order, at once as much as goes to one sink. */
export const deliver = (router: Router, batch: ReadonlyArray<RawEvent>): Effect.Effect<void> =>
  Effect.suspend(() => {
    router.routing = batch[0]?.receivedAt
    if (router.routing === undefined) return Effect.void
    const { events, rest, sink, then } = split(router, batch)
    return (sink === undefined ? Effect.void : handOn(router, sink, events)).pipe(
      Effect.zipRight(then),
      Effect.zipRight(deliver(router, rest))
    )
  })

/** The beginning of a batch: what goes to one sink, and what has to be done before the rest. */
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
    if (route?.sink !== undefined) {
      if (sink !== undefined && sink !== route.sink) return upTo(seen)
      sink = route.sink
      events.push(event)
    } else if (route === undefined) {
      const oldest = name === undefined ? undefined : hold(router, name, event)
      if (oldest !== undefined) return upTo(seen + 1, letGo(router, oldest))
    } else if (!Route.holds(route, event)) {
      return name !== undefined && router.held.has(name)
        ? upTo(seen + 1, letGo(router, name))
        : upTo(seen, Route.room(route))
    }
    seen++
  }
  return upTo(seen)
}

/** An event that names no instance belongs to nobody; any listener can put it in quarantine. */
const routeOf = (router: Router, name: string | undefined): Route.Route | undefined =>
  name === undefined ? claimed(router).next().value : router.routes.get(name)

/** A bug that some events meet ends the listeners of these, and not the link. */
const handOn = (router: Router, sink: Sink, events: ReadonlyArray<RawEvent>): Effect.Effect<void> =>
  Effect.catchAllCause(sink(events), (cause) => {
    if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause)
    return Effect.sync(() => {
      for (const event of events) {
        const route = routeOf(router, instanceOf(event))
        if (route?.sink === sink) Route.crash(route, cause, event.receivedAt)
      }
    })
  })

/**
 * Opens a route for an instance that has just been created, so that its first QR code can wait. Gives
 * the name that has to make room.
 */
const hold = (router: Router, name: string, event: RawEvent): string | undefined => {
  const { held, routes, watchers } = router
  if (event.name !== "instance.create" || watchers.size === 0) return undefined
  const route = Route.make()
  Route.holds(route, event)
  routes.set(name, route)
  held.add(name)
  for (const watcher of watchers) watcher.unsafeOffer(name)
  const [oldest] = held
  return held.size > maxHeld ? oldest : undefined
}

const letGo = ({ held, routes }: Router, name: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    // Somebody may have come meanwhile.
    if (!held.delete(name)) return Effect.void
    routes.delete(name)
    return Effect.logWarning(
      `No listener came for the created instance "${name}": its events are dropped`
    ).pipe(Effect.annotateLogs("instance", name))
  })
