/**
 * One connection to `/` for all instances. Evolution broadcasts every event of every instance there
 * (`WEBSOCKET_GLOBAL_EVENTS=true`), in the order it emits them; a router hands each to the instance it names.
 */
import { Clock, Deferred, Duration, Effect, Exit, Fiber, FiberId, Mailbox, Option } from "effect"
import * as CheaperEffect from "../../Concurrency/CheaperEffect.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import * as SocketIo from "../Wire/SocketIo.ts"
import { dialled } from "./Dial.ts"
import { endpoint } from "./Endpoint.ts"
import type { Flow } from "./Flow.ts"
import { HandedLink } from "./HandedLink.ts"
import * as Ignored from "./Ignored.ts"
import { type Renewable, renewable } from "./Renewal.ts"
import * as Route from "./Route.ts"
import * as Router from "./Router.ts"
import { drain, type Sink } from "./Sink.ts"

/** One connection: dialled for its first user, left with its last one or at its first error. */
interface Link {
  readonly up: Deferred.Deferred<Renewable, LinkError>
  readonly router: Router.Router
  users: number
  fiber: Fiber.RuntimeFiber<void, LinkError> | undefined
  /** ms since 1970 UTC; `undefined`: it is being dialled. */
  upSince: number | undefined
}

/** `isInUse`: false while other links bring the events, so that those of this one are not counted as dropped. */
export const make = Effect.fnUntraced(function* (isInUse: () => boolean = () => true) {
  const options = yield* endpoint
  const scope = yield* Effect.scope
  let current: Link | undefined
  const ignored = yield* Ignored.make(isInUse)
  const handed = yield* HandedLink

  const dial = dialled(Effect.tap(SocketIo.connect(options), (socket) => socket.join("/")))

  /** The fiber of a link: dials, joins, routes until the end, and ends all routes with its exit. */
  const run = (link: Link) =>
    Effect.gen(function* () {
      const taken = yield* handed.take
      // A standby's link is up, and has what came while nobody owned the server.
      if (Option.isSome(taken)) yield* awaitListeners(link.router, handed.expected)
      const socket = Option.isSome(taken) ? taken.value : yield* renewable(dial)
      link.upSince = yield* Clock.currentTimeMillis
      yield* Deferred.succeed(link.up, socket)
      yield* drain(socket.pull, (events) => Router.deliver(link.router, events))
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
    const link = current ?? emptyLink(ignored.note)
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

  /** The shared link once it is up. Callers that ask at the same time share one dial. */
  const link = CheaperEffect.acquireRelease(enter, leave).pipe(
    Effect.tap(({ up }) => Deferred.await(up))
  )

  /** The connection, if it is up. */
  const connection = Effect.suspend(() =>
    current === undefined
      ? Effect.succeedNone
      : Effect.flatMap(Deferred.poll(current.up), Effect.transposeOption)
  ).pipe(Effect.orElseSucceed(() => Option.none<Renewable>()))

  const flow = (name?: string) =>
    Effect.map(
      connection,
      Option.match({
        onNone: () => Effect.succeed(undefined),
        onSome: ({ heard }) =>
          Effect.map(heard, ({ isHeldBack }) => flowOf(current, name, isHeldBack))
      })
    ).pipe(Effect.flatten)

  return {
    mode: "global" as const,
    isShared: true,
    changeMode: () => Effect.void,
    modeChanged: Effect.never,
    open: (name: string) =>
      Effect.gen(function* () {
        const { router, up } = yield* link
        const route = yield* CheaperEffect.acquireRelease(
          Effect.sync(() => Router.claim(router, name)),
          (claimed) => Effect.sync(() => Router.leave(router, name, claimed))
        )
        const { heard } = yield* Deferred.await(up)
        return {
          run: (sink: Sink) => Route.run(route, sink),
          end: Effect.sync(() => Route.finish(route, Exit.void)),
          heard: Effect.map(heard, ({ isHeldBack, until }) => ({
            isHeldBack,
            until: Router.heardUntil([route], until)
          }))
        }
      }),
    flow,
    shared: flow(),
    renew: () =>
      Effect.flatMap(
        connection,
        Option.match({ onNone: () => Effect.void, onSome: ({ renew }) => renew })
      ),
    calm: Effect.void,
    heard: Effect.flatMap(
      connection,
      Option.match({
        onNone: () => Effect.succeed(undefined),
        onSome: ({ heard }) =>
          Effect.map(heard, ({ until }) =>
            current === undefined ? until : Router.heardUntil(Router.claimed(current.router), until)
          )
      })
    ),
    created: (isWanted: (name: string) => boolean) =>
      link.pipe(
        Effect.flatMap(({ router }) => Router.watch(router, isWanted)),
        Effect.map(({ created }) => Mailbox.toStream(created))
      ),
    watchIgnored: ignored.watch,
    quiesce: Effect.flatMap(
      connection,
      Option.match({ onNone: () => Effect.void, onSome: ({ end }) => end })
    )
  }
})

/** The listeners of a new owner are there within this time. */
const patience = Duration.seconds(30)

/** Lets events wait for listeners that are about to come. */
const awaitListeners = (router: Router.Router, names: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    Router.expect(router, names)
    return Effect.forkScoped(
      Effect.delay(
        Effect.suspend(() => {
          const missing = Router.unexpect(router)
          return missing.length === 0
            ? Effect.void
            : Effect.logWarning(
                `Events are dropped, as no listener came for: ${missing.join(", ")}`
              )
        }),
        patience
      )
    )
  })

const emptyLink = (onIgnored: (name: string) => void): Link => ({
  up: Deferred.unsafeMake(FiberId.none),
  router: Router.make(onIgnored),
  users: 0,
  fiber: undefined,
  upSince: undefined
})

const flowOf = (
  link: Link | undefined,
  name: string | undefined,
  isHeldBack: boolean
): Flow | undefined => {
  if (link?.upSince === undefined) return undefined
  const { router, upSince } = link
  const last = name === undefined ? router.last : router.routes.get(name)?.last
  return { upSince, isHeldBack, lastEventAt: last?.eventAt, lastMessageAt: last?.messageAt }
}

const finish = ({ router, up }: Link, exit: Exit.Exit<void, LinkError>): void => {
  if (Exit.isFailure(exit)) Deferred.unsafeDone(up, Exit.failCause(exit.cause))
  Router.finish(router, exit)
}
