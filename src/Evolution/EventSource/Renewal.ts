/**
 * A connection that can be exchanged for a fresh one while it is listened to: the new one is up before
 * the old one goes, so nothing is missed; what both brought is passed on once.
 */
import { createHash } from "node:crypto"
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
import { printOf, type RawEvent } from "../../Domain/Event.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import type { Heard } from "../Wire/Hearing.ts"
import type * as SocketIo from "../Wire/SocketIo.ts"
import * as Lateness from "./Lateness.ts"

/** What the server sent on the old connection before it admitted the new one may still be on its way. */
const transit = Duration.seconds(2)
/** How long after the exchange the new connection may bring what the old one brought already. */
const echo = Duration.seconds(5)

export interface Renewable extends Pick<SocketIo.SocketIo, "pull" | "heard" | "end"> {
  /** When it fails, the old connection goes on. */
  readonly renew: Effect.Effect<void, LinkError>
}

/** `dial` gives a connection that is in its namespace. */
export const renewable = (
  dial: Effect.Effect<SocketIo.SocketIo, LinkError, Scope.Scope>
): Effect.Effect<Renewable, LinkError, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const connect = Effect.gen(function* () {
      const own = yield* Scope.fork(scope, ExecutionStrategy.sequential)
      const leave = Scope.close(own, Exit.void)
      const socket = yield* Effect.onError(Scope.extend(dial, own), () => leave)
      return { leave, socket, pull: socket.pull }
    })
    let current = yield* connect
    let next: typeof current | undefined
    /** What came while both were there, counted. */
    let brought: Map<string, number> | undefined
    let lateness = Lateness.make()
    let isGone = false
    /** While an exchange lasts: done when the listener has gone over to the new one, and when it has gone. */
    let [over, gone] = [unawaited, unawaited]
    const depart = Effect.suspend(() => {
      isGone = true
      return Deferred.succeed(gone, undefined)
    })
    yield* Scope.addFinalizer(scope, depart)

    const noting = (events: ReadonlyArray<RawEvent>, { isHeldBack, until }: Heard) => {
      lateness.note(events, isHeldBack ? until : undefined)
      if (brought !== undefined)
        for (const event of events) {
          const print = fingerprint(event)
          brought.set(print, (brought.get(print) ?? 0) + 1)
        }
      return events
    }

    /** From a connection that is through to its successor; quiesced, it has none. */
    const succeed = Effect.gen(function* () {
      if (next === undefined) return yield* Effect.fail(Option.none<LinkError>())
      const { leave, socket } = next
      yield* current.leave
      const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(echo)
      const isEcho = echoes(brought ?? new Map(), until)
      const isNew = (event: RawEvent) => !isEcho(event)
      current = {
        leave,
        socket,
        pull: Effect.map(socket.pull, (events) => events.filter(isNew))
      }
      next = undefined
      brought = undefined
      lateness = Lateness.make()
      yield* Deferred.succeed(over, undefined)
    })

    const pull: SocketIo.Pull = Effect.suspend(() =>
      Effect.matchEffect(current.pull, {
        onSuccess: (events) =>
          Effect.map(current.socket.heard, (heardNow) => noting(events, heardNow)),
        onFailure: (end) => (Option.isSome(end) ? Effect.fail(end) : Effect.zipRight(succeed, pull))
      })
    )

    const heard = Effect.map(
      Effect.suspend(() => current.socket.heard),
      ({ isHeldBack, until }) => ({ isHeldBack, until: until - lateness.now() })
    )

    /** The old one is alive, and has nothing left from before; where nothing else does, a ping tells so. */
    const heardSince = (time: number) =>
      Effect.repeat(heard, {
        until: ({ isHeldBack, until }) => !isHeldBack && until >= time,
        schedule: Schedule.spaced("100 millis")
      })

    const goOver = Effect.gen(function* () {
      brought = new Map()
      const fresh = yield* connect
      const joined = yield* Clock.currentTimeMillis
      yield* Effect.sleep(transit).pipe(
        Effect.zipRight(heardSince(joined)),
        Effect.onInterrupt(() => fresh.leave)
      )
      if (isGone) return
      over = Deferred.unsafeMake(FiberId.none)
      next = fresh
      yield* current.socket.end
      yield* Deferred.await(over)
    }).pipe(
      Effect.onError(() =>
        Effect.sync(() => {
          // Once the old one has ended, the listener goes over by itself.
          if (next === undefined) brought = undefined
        })
      )
    )

    const goOverUnlessGone = Effect.suspend(() => {
      if (isGone) return Effect.void
      gone = Deferred.unsafeMake(FiberId.none)
      return Effect.raceFirst(goOver, Deferred.await(gone))
    })

    /** One after the other; most links never see one. */
    let exchange: FairSemaphore.FairSemaphore["withPermit"] | undefined
    /** How many exchanges have begun, and how the last one ended. */
    let begun = 0
    let last: { readonly number: number; readonly exit: Exit.Exit<void, LinkError> } = {
      number: 0,
      exit: Exit.void
    }

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
      // Whoever shares the link may ask for it: all who ask before one begins are served by that one.
      renew: Effect.suspend(() => {
        const asked = begun
        exchange ??= FairSemaphore.make(1).withPermit
        return exchange(
          Effect.suspend(() => {
            if (last.number > asked) return last.exit
            const number = ++begun
            return Effect.onExit(goOverUnlessGone, (exit) =>
              Effect.sync(() => {
                if (!Exit.isInterrupted(exit)) last = { number, exit }
              })
            )
          })
        )
      })
    }
  })

/** Where nobody waits: most links are never exchanged, and a signal of its own is dear for each. */
const unawaited = Deferred.unsafeMake<void>(FiberId.none)

/** Evolution broadcasts one and the same text to every connection. */
const fingerprint = (event: RawEvent): string =>
  createHash("sha1").update(printOf(event)).digest("base64")

/** Whether an event is one of those, each counted once, and not later than it can be. */
const echoes =
  (brought: Map<string, number>, until: number) =>
  (event: RawEvent): boolean => {
    if (event.receivedAt > until) brought.clear()
    if (brought.size === 0) return false
    const print = fingerprint(event)
    const count = brought.get(print) ?? 0
    if (count > 0) brought.set(print, count - 1)
    return count > 0
  }
