/**
 * A connection that can be exchanged for a fresh one while it is read. The new one is up before the old one
 * is left, so no event is lost; an event that both bring is passed on once.
 */
import {
  Clock,
  Deferred,
  Duration,
  Effect,
  ExecutionStrategy,
  Exit,
  FiberId,
  Option,
  Schedule,
  Scope
} from "effect"
import * as FairSemaphore from "../../Concurrency/FairSemaphore.ts"
import type * as InFlight from "../../Concurrency/InFlight.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import * as SocketIo from "../Wire/SocketIo.ts"
import * as Echo from "./Echo.ts"
import * as Lateness from "./Lateness.ts"

/** Events that the server sent on the old connection before it admitted the new one arrive within this time. */
const transit = Duration.seconds(2)
/** For so long after the exchange the new connection may bring events that the old one brought. */
const echoTime = Duration.seconds(5)

export interface Renewable extends Pick<SocketIo.SocketIo, "pull" | "heard" | "end"> {
  /** Exchanges the connection. When that fails, the old one goes on; calls before it begins share it. */
  readonly renew: Effect.Effect<void, LinkError>
}

/** Dials a link. `dial` gives a connection that has joined its namespace. */
export const renewable = (
  dial: Effect.Effect<SocketIo.SocketIo, LinkError, Scope.Scope>
): Effect.Effect<Renewable, LinkError, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const connect = connectIn(scope, dial)
    let current = yield* connect
    let next: typeof current | undefined
    /** Events of the old connection, while both are there. */
    let echo: ReturnType<typeof Echo.make> | undefined
    let lateness = Lateness.make()
    /** The batch that the reader has. It is taken when the reader asks for the next one. */
    let inHand: InFlight.Ticket | undefined
    let isGone = false
    /** Signals of a running renewal: the reader has gone over to the new connection; the link is left. */
    let [switched, gone] = [unawaited, unawaited]
    const depart = Effect.suspend(() => {
      isGone = true
      return Deferred.succeed(gone, undefined)
    })
    yield* Scope.addFinalizer(scope, depart)

    /** Goes on with the new connection once the old one is read to its end; ends if there is none. */
    const switchToFresh = Effect.gen(function* () {
      if (next === undefined) return yield* Effect.fail(Option.none<LinkError>())
      const { leave, socket } = next
      yield* current.leave
      const now = yield* Clock.currentTimeMillis
      const isNew = echo?.filter(now + Duration.toMillis(echoTime)) ?? (() => true)
      current = { leave, socket, pull: Effect.map(socket.pull, (events) => events.filter(isNew)) }
      next = undefined
      echo = undefined
      lateness = Lateness.make()
      yield* Deferred.succeed(switched, undefined)
    })

    const pull: SocketIo.Pull = Effect.suspend(() => {
      const { pull: pullCurrent, socket } = current
      socket.inFlight.done(inHand)
      return Effect.matchEffect(pullCurrent, {
        onSuccess: (events) =>
          Effect.map(socket.heard, ({ isHeldBack, until }) => {
            lateness.update(events, isHeldBack ? until : undefined)
            echo?.remember(events)
            inHand = SocketIo.ticketFor(socket.inFlight, events)
            return events
          }),
        onFailure: (end) =>
          Option.isSome(end) ? Effect.fail(end) : Effect.zipRight(switchToFresh, pull)
      })
    })

    const heard = Effect.map(
      Effect.suspend(() => current.socket.heard),
      ({ isHeldBack, until }) => ({ isHeldBack, until: until - lateness.millis() })
    )

    const exchange = Effect.gen(function* () {
      echo = Echo.make()
      const fresh = yield* connect
      const joined = yield* Clock.currentTimeMillis
      yield* Effect.sleep(transit).pipe(
        Effect.zipRight(awaitHeard(heard, joined)),
        Effect.onInterrupt(() => fresh.leave)
      )
      if (isGone) return
      switched = Deferred.unsafeMake(FiberId.none)
      next = fresh
      yield* current.socket.end
      yield* Deferred.await(switched)
    }).pipe(
      Effect.onError(() =>
        Effect.sync(() => {
          // Once the old connection has ended, the reader goes over without us.
          if (next === undefined) echo = undefined
        })
      )
    )

    return {
      pull,
      heard,
      end: Effect.suspend(() => {
        const ends = [current, ...(next === undefined ? [] : [next])]
        return Effect.zipRight(
          depart,
          Effect.forEach(ends, ({ socket }) => socket.end, { discard: true })
        )
      }),
      renew: shared(
        Effect.suspend(() => {
          if (isGone) return Effect.void
          gone = Deferred.unsafeMake(FiberId.none)
          return Effect.raceFirst(exchange, Deferred.await(gone))
        })
      )
    }
  })

/** Dials a connection that is left with the scope, or before. */
const connectIn = (
  scope: Scope.Scope,
  dial: Effect.Effect<SocketIo.SocketIo, LinkError, Scope.Scope>
) =>
  Effect.gen(function* () {
    const own = yield* Scope.fork(scope, ExecutionStrategy.sequential)
    const leave = Scope.close(own, Exit.void)
    const socket = yield* Effect.onError(Scope.extend(dial, own), () => leave)
    return { leave, socket, pull: socket.pull }
  })

/** Waits until all that the server sent before `time` is heard; at the latest, a ping tells. */
const awaitHeard = (heard: SocketIo.SocketIo["heard"], time: number) =>
  Effect.repeat(heard, {
    until: ({ isHeldBack, until }) => !isHeldBack && until >= time,
    schedule: Schedule.spaced("100 millis")
  })

/** Awaited by nobody. Most links are never exchanged, so they share one signal. */
const unawaited = Deferred.unsafeMake<void>(FiberId.none)

/** Runs one exchange at a time. All who ask before an exchange begins share that one and its end. */
const shared = (exchange: Effect.Effect<void, LinkError>): Effect.Effect<void, LinkError> => {
  let oneByOne: FairSemaphore.FairSemaphore["withPermit"] | undefined
  let begun = 0
  let last: { readonly number: number; readonly exit: Exit.Exit<void, LinkError> } = {
    number: 0,
    exit: Exit.void
  }
  const renew = (asked: number) =>
    Effect.suspend(() => {
      if (last.number > asked) return last.exit
      const number = ++begun
      return Effect.onExit(exchange, (exit) =>
        Effect.sync(() => {
          if (!Exit.isInterrupted(exit)) last = { number, exit }
        })
      )
    })
  return Effect.suspend(() => {
    oneByOne ??= FairSemaphore.make(1).withPermit
    return oneByOne(renew(begun))
  })
}
