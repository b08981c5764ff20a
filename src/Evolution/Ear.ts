/**
 * The second ear: the link of a standby, which hears what the owner of the server hears. When the owner dies, the
 * standby has what was not committed, of every kind; and its link is up when it begins.
 *
 * Only the link to `/` brings the events of all instances. There is no ear for namespaces: it would take a
 * connection for each instance.
 */
import { Deferred, Duration, Effect, Exit, FiberId, Option, Schedule, Scope } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import { type MonotonicMillis, monotonicOf } from "../Domain/Clock.ts"
import type { LinkError } from "../Domain/LinkError.ts"
import * as Handed from "./Ear/Handed.ts"
import * as Ring from "./Ear/Ring.ts"
import { dialled } from "./EventSource/Dial.ts"
import { endpoint } from "./EventSource/Endpoint.ts"
import type { HandedLink } from "./EventSource/HandedLink.ts"
import { type Renewable, renewable } from "./EventSource/Renewal.ts"
import * as SocketIo from "./Wire/SocketIo.ts"

export type { Committed } from "./Ear/Ring.ts"
export { HandedLink } from "./EventSource/HandedLink.ts"

/** What Evolution sent on the owner's link before it admitted this one has arrived there within this time. */
export const transit = Duration.seconds(2)

/** A link that is up, and what came over it. */
interface Standby {
  readonly since: MonotonicMillis
  readonly link: Renewable
  readonly ring: Ring.Ring
  readonly leave: Effect.Effect<void>
  /** The reader has ended, with the link's error if it was that. */
  readonly ended: Deferred.Deferred<Option.Option<LinkError>>
  /** Somebody else reads the link from now on. */
  isTaken: boolean
}

/** What a tenure takes over. */
export interface Given {
  readonly take: HandedLink["Type"]["take"]
  /** The time since which the link is up without a break; `undefined`: it is not up. */
  readonly since: MonotonicMillis | undefined
  /** A committed event was heard over it: so all that came since is there, or in the log. */
  readonly isAligned: boolean
}

export interface Ear {
  /** False while this process owns the server. */
  readonly isOpen: () => boolean
  /** Waits until the link is up for so long. */
  readonly up: (age: Duration.Duration) => Effect.Effect<void>
  /** Tells of events in the log, in their order, each once: what was heard before them is not needed any more. */
  readonly committed: (events: ReadonlyArray<Ring.Committed>) => void
  /** This process owns the server until the scope closes: the ear is closed, and its link goes to the owner's work. */
  readonly give: Effect.Effect<Given, never, Scope.Scope>
}

const retryPolicy = Schedule.exponential("500 millis").pipe(
  Schedule.union(Schedule.spaced("15 seconds")),
  Schedule.jittered
)

/** Listens until the scope closes, but for the times in which this process owns the server. */
export const make: Effect.Effect<
  Ear,
  Effect.Effect.Error<typeof endpoint>,
  Effect.Effect.Context<typeof endpoint> | Scope.Scope
> = Effect.gen(function* () {
  const options = yield* endpoint
  const now = monotonicOf(yield* Effect.clock)
  const dial = dialled(Effect.tap(SocketIo.connect(options), (socket) => socket.join("/")))
  const isUp = Effect.unsafeMakeLatch(false)
  /** Open while the ear listens, and while it does not. */
  const open = Effect.unsafeMakeLatch(true)
  const closed = Effect.unsafeMakeLatch(false)
  let isOpen = true
  let standby: Standby | undefined
  /** There before its link is dialled: events are committed that are on their way to it. */
  let ring = Ring.make()

  const set = (next: Standby | undefined) => {
    standby = next
    if (next === undefined) isUp.unsafeClose()
    else isUp.unsafeOpen()
  }

  const connect = Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const leave = Scope.close(scope, Exit.void)
      ring = Ring.make()
      const link = yield* restore(Scope.extend(renewable(dial), scope)).pipe(
        Effect.onError(() => leave)
      )
      if (!isOpen) return yield* Effect.as(leave, undefined)
      const ended = Deferred.unsafeMake<Option.Option<LinkError>>(FiberId.none)
      const own: Standby = {
        since: now(),
        link,
        leave,
        ended,
        ring,
        isTaken: false
      }
      set(own)
      return own
    })
  )

  /** Reads until the link ends, or is taken: then one batch more. */
  const read = (own: Standby): Effect.Effect<Option.Option<LinkError>> =>
    Effect.matchEffect(own.link.pull, {
      onFailure: Effect.succeed,
      onSuccess: (events) => {
        own.ring.push(events)
        return own.isTaken ? Effect.succeedNone : read(own)
      }
    })

  const session = Effect.gen(function* () {
    const own = yield* Effect.raceFirst(connect, Effect.as(closed.await, undefined))
    if (own === undefined) return
    const error = yield* read(own).pipe(
      Effect.onInterrupt(() => (own.isTaken ? Effect.void : own.leave))
    )
    yield* Deferred.succeed(own.ended, error)
    if (own.isTaken) return
    set(undefined)
    yield* own.leave
    if (Option.isSome(error)) return yield* error.value
  }).pipe(
    Effect.tapError((error) => Effect.logDebug(`The standby does not hear: ${error.message}`)),
    Effect.retry(Schedule.whileInput(retryPolicy, () => isOpen)),
    Effect.ignore
  )
  yield* loop("ear of a standby", Effect.forever(Effect.zipRight(open.await, session)))

  const up = (age: Duration.Duration): Effect.Effect<void> =>
    Effect.gen(function* () {
      yield* isUp.await
      const own = standby
      yield* Effect.sleep(age)
      if (own === undefined || standby !== own) yield* up(age)
    })

  const close = Effect.sync(() => {
    const own = standby
    isOpen = false
    open.unsafeClose()
    closed.unsafeOpen()
    if (own !== undefined) own.isTaken = true
    set(undefined)
    return own
  })
  const reopen = Effect.sync(() => {
    isOpen = true
    closed.unsafeClose()
    open.unsafeOpen()
  })

  return {
    isOpen: () => isOpen,
    up,
    committed: (events) => {
      if (isOpen) ring.committed(events)
    },
    give: Effect.map(
      Effect.acquireRelease(close, (own) => Effect.zipRight(own?.leave ?? Effect.void, reopen)),
      (own) => {
        let left = own
        return {
          since: own?.since,
          isAligned: own?.ring.isAligned() ?? false,
          take: Effect.acquireRelease(
            Effect.sync(() => {
              const given = Option.fromNullable(left)
              left = undefined
              return given
            }),
            Option.match({ onNone: () => Effect.void, onSome: ({ leave }) => leave })
          ).pipe(Effect.map(Option.map(({ ended, link, ring }) => Handed.make(link, ring, ended))))
        }
      }
    )
  }
})
