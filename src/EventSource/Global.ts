/**
 * One connection to `/` for all instances. Evolution broadcasts every event of every instance there
 * (`WEBSOCKET_GLOBAL_EVENTS=true`), in the order it emits them; we route each by the instance it names.
 */
import { Deferred, Effect, Exit, Fiber, FiberId, Mailbox, Option, Stream } from "effect"
import { instanceOf, type RawEvent } from "../Domain/Event.ts"
import type { LinkError } from "../Domain/LinkError.ts"
import * as SocketIo from "../Wire/SocketIo.ts"
import { dialled } from "./Dial.ts"
import { endpoint } from "./Endpoint.ts"
import { type Renewable, renewable } from "./Renewal.ts"
import * as Route from "./Route.ts"

/** Created instances whose events are held for a listener to come; the oldest makes room. */
const maxHeld = 64

/** One connection's life: dialled with the first user, gone with the last or with its first error. */
interface Link {
  readonly up: Deferred.Deferred<Renewable, LinkError>
  readonly routes: Map<string, Route.Route>
  /** Names of created instances whose route nobody has claimed yet, oldest first. */
  readonly held: Set<string>
  readonly watchers: Set<Mailbox.Mailbox<string, LinkError>>
  /** When the first was received of those that are being routed; `undefined`: none is. */
  routing: number | undefined
  users: number
  fiber: Fiber.RuntimeFiber<void, LinkError> | undefined
  ended: Exit.Exit<void, LinkError> | undefined
}

export const make = Effect.gen(function* () {
  const options = yield* endpoint
  const scope = yield* Effect.scope
  let current: Link | undefined

  const dial = dialled(Effect.tap(SocketIo.connect(options), (socket) => socket.join("/")))

  /** The life of a link, as one fiber: dial, join, route until the end, and tell everybody. */
  const run = (link: Link) =>
    Effect.gen(function* () {
      const socket = yield* renewable(dial)
      yield* Deferred.succeed(link.up, socket)
      yield* Stream.runForEachChunk(socket.events, (events) =>
        Effect.forEach(
          events,
          (event) => {
            link.routing ??= event.receivedAt
            return deliver(link, event)
          },
          { discard: true }
        ).pipe(
          Effect.tap(() =>
            Effect.sync(() => {
              link.routing = undefined
            })
          )
        )
      )
    }).pipe(
      Effect.scoped,
      Effect.onExit((exit) =>
        Effect.sync(() => {
          if (current === link) current = undefined
          finish(link, exit)
        })
      )
    )

  const enter = Effect.gen(function* () {
    const link = current ?? emptyLink()
    link.users++
    if (current === undefined) {
      current = link
      link.fiber = yield* Effect.forkIn(Effect.interruptible(run(link)), scope)
    }
    return link
  })

  const leave = (link: Link) =>
    Effect.suspend(() => {
      link.users--
      if (link.users > 0 || link.fiber === undefined) return Effect.void
      if (current === link) current = undefined
      return Fiber.interruptFork(link.fiber)
    })

  /** The shared link, up; however many ask at once, one dials. */
  const link = Effect.acquireRelease(enter, leave).pipe(Effect.tap(({ up }) => Deferred.await(up)))

  /** The connection, if it is up by now. */
  const connection = Effect.suspend(() =>
    current === undefined
      ? Effect.succeedNone
      : Effect.flatMap(Deferred.poll(current.up), Effect.transposeOption)
  ).pipe(Effect.orElseSucceed(() => Option.none<Renewable>()))

  return {
    isShared: true,
    open: (name: string) =>
      Effect.gen(function* () {
        const shared = yield* link
        const { held, routes } = shared
        const route = (held.delete(name) ? routes.get(name) : undefined) ?? (yield* Route.make)
        routes.set(name, route)
        if (shared.ended !== undefined) route.end(shared.ended)
        yield* Effect.addFinalizer(() =>
          Effect.suspend(() => {
            if (routes.get(name) === route) routes.delete(name)
            return route.shutdown
          })
        )
        const { heard } = yield* Deferred.await(shared.up)
        return {
          events: route.events,
          heard: Effect.map(heard, ({ isHeldBack, until }) => ({
            isHeldBack,
            until: readUntil(shared, [route], until)
          }))
        }
      }),
    renew: () =>
      Effect.flatMap(
        connection,
        Option.match({ onNone: () => Effect.void, onSome: ({ renew }) => renew })
      ),
    heard: Effect.flatMap(
      connection,
      Option.match({
        onNone: () => Effect.succeed(undefined),
        onSome: ({ heard }) =>
          Effect.map(heard, ({ until }) =>
            current === undefined ? until : readUntil(current, claimed(current), until)
          )
      })
    ),
    created: Effect.gen(function* () {
      const shared = yield* link
      const { watchers } = shared
      const watcher = yield* Mailbox.make<string, LinkError>({
        capacity: maxHeld,
        strategy: "sliding"
      })
      watchers.add(watcher)
      if (shared.ended !== undefined) watcher.unsafeDone(shared.ended)
      yield* Effect.addFinalizer(() =>
        Effect.suspend(() => {
          watchers.delete(watcher)
          return watcher.shutdown
        })
      )
      return Mailbox.toStream(watcher)
    }),
    quiesce: Effect.flatMap(
      connection,
      Option.match({ onNone: () => Effect.void, onSome: ({ end }) => end })
    )
  }
})

const emptyLink = (): Link => ({
  up: Deferred.unsafeMake(FiberId.none),
  routes: new Map(),
  held: new Set(),
  watchers: new Set(),
  routing: undefined,
  users: 0,
  fiber: undefined,
  ended: undefined
})

/** Everybody on the link learns how it ended, after the last event they have not read yet. */
const finish = (link: Link, exit: Exit.Exit<void, LinkError>): void => {
  link.ended = exit
  if (Exit.isFailure(exit)) Deferred.unsafeDone(link.up, Exit.failCause(exit.cause))
  for (const route of link.routes.values()) route.end(exit)
  for (const watcher of link.watchers) watcher.unsafeDone(exit)
}

/** Gives an event to its instance's listener; a listener that lags makes the router wait. */
const deliver = (link: Link, event: RawEvent): Effect.Effect<unknown> => {
  const name = instanceOf(event.payload)
  // An event that names no instance belongs to nobody; any listener can put it in quarantine.
  const route = name === undefined ? claimed(link)[0] : link.routes.get(name)
  if (route === undefined) return name === undefined ? Effect.void : hold(link, name, event)
  if (route.takes(event)) return Effect.void
  return name !== undefined && link.held.has(name) ? letGo(link, name) : route.offer(event)
}

/** The routes with a listener behind them; a held one may never get any. */
const claimed = ({ held, routes }: Link): ReadonlyArray<Route.Route> =>
  [...routes].flatMap(([name, route]) => (held.has(name) ? [] : [route]))

/** What was received and is still between the socket and a listener is not heard. */
const readUntil = ({ routing }: Link, routes: ReadonlyArray<Route.Route>, until: number): number =>
  routes.reduce(
    (least, { unread }) => Math.min(least, unread() ?? least),
    Math.min(until, routing ?? until)
  )

/** Opens a route for an instance that has just been created, so that its first QR code can wait. */
const hold = (link: Link, name: string, event: RawEvent): Effect.Effect<void> =>
  event.name !== "instance.create" || link.watchers.size === 0
    ? Effect.void
    : Effect.gen(function* () {
        const route = yield* Route.make
        route.takes(event)
        link.routes.set(name, route)
        link.held.add(name)
        for (const watcher of link.watchers) watcher.unsafeOffer(name)
        const [oldest] = link.held
        if (link.held.size > maxHeld && oldest !== undefined) yield* letGo(link, oldest)
      })

const letGo = (link: Link, name: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    link.held.delete(name)
    link.routes.delete(name)
    return Effect.logWarning(
      `No listener came for the created instance "${name}": its events are dropped`
    ).pipe(Effect.annotateLogs("instance", name))
  })
