/**
 * When to try again. Whoever shares a link shares its pace: all wait for one moment, and then dial
 * once. A listener with a link of its own has a pace of its own.
 */
import {
  Clock,
  Context,
  DateTime,
  Deferred,
  Duration,
  Effect,
  FiberId,
  Layer,
  Schedule,
  ScheduleDecision,
  ScheduleIntervals,
  type Scope
} from "effect"
import type { ParkReason, SessionError } from "../Domain/ListenerState.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { Upstream } from "../Evolution/Upstream.ts"
import * as Settling from "./Pacing/Settling.ts"

/** After a failure: from 0.5 s doubling to 25 s, each 20 % more or less, so never above 30 s. */
export const reconnectPolicy = Schedule.exponential("500 millis", 2).pipe(
  Schedule.modifyDelay((_, delay) => Duration.min(delay, Duration.seconds(25))),
  Schedule.jittered
)

/** A namespace that does not exist yet is no failure, and its first events are worth being early for. */
export const namespacePolicy = Schedule.spaced("500 millis").pipe(Schedule.jittered)

/** Parked: it takes a person, so we look whether one came by. */
export const probePolicy = Schedule.spaced("5 minutes").pipe(Schedule.jittered)

/** A link that is lost again and again costs Evolution a handshake each time, and us a gap. */
export const slowPolicy = Schedule.spaced("1 minute").pipe(Schedule.jittered)

/** More losses of an established link than this, within this time, make it slow. */
export const maxFlaps = 10
export const flapWindow = Duration.minutes(5)

/** A link that ends sooner has not settled: the delays go on growing. */
export const settlingTime = Duration.seconds(10)

/** What only a person can mend, and how; anything else is worth another try by itself. */
export const parkReason = (error: SessionError): ParkReason | undefined => {
  switch (error._tag) {
    case "KeyRefused":
      return "check_api_key"
    case "LicenseRequired":
      return "activate_license"
    case "UpgradeRefused":
      if (error.body.includes("LICENSE_REQUIRED")) return "activate_license"
      if (error.status === 401 || error.status === 403) return "check_api_key"
      // Evolution's own words for a wrong and for a missing key (`allowRequest`), with HTTP 400.
      if (/^(Invalid global token|apiKey is required)/.test(error.body)) return "check_api_key"
      // Without `WEBSOCKET_ENABLED` there is no Socket.IO, and Express answers.
      return error.status === 404 ? "enable_websocket" : undefined
    default:
      return undefined
  }
}

/** How a session ended. */
export interface Failure {
  readonly error: SessionError
  /** Its link was up. */
  readonly wasUp: boolean
  /** Its link was up for so long that what failed before no longer counts. */
  readonly wasSettled: boolean
}

export interface Plan {
  readonly nextAttempt: DateTime.Utc
  readonly userAction: ParkReason | undefined
  /** The link was lost so often lately that we dial seldom. */
  readonly isFlapping: boolean
}

export interface Pace {
  /** Tells when the next attempt comes, and waits until then. */
  readonly wait: (
    failure: Failure,
    tell: (plan: Plan) => Effect.Effect<void>
  ) => Effect.Effect<void>
  /** The link is up: nobody need wait any longer. */
  readonly up: Effect.Effect<void>
}

export class Pacing extends Context.Tag("evolution-listener/Pacing")<
  Pacing,
  {
    /** The pace of one listener, or of all that share a link. */
    readonly pace: Effect.Effect<Pace>
    /** Runs an effect when a link that has come up just now settles, if it lasts. */
    readonly whenSettled: (then: Effect.Effect<void>) => Effect.Effect<void>
  }
>() {
  static readonly layer = Layer.scoped(
    Pacing,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const { isShared } = yield* EventSource
  const upstream = yield* Upstream
  const whenSettled = yield* Settling.make(settlingTime)
  const make = makePace(yield* Effect.scope, upstream.awaitReturn)
  if (isShared) return Pacing.of({ pace: Effect.succeed(make()), whenSettled })
  const own = Effect.sync(() => {
    const { up, wait } = make()
    const pace: Pace = { up, wait: (...told) => Effect.onInterrupt(wait(...told), () => up) }
    return pace
  })
  return Pacing.of({ pace: own, whenSettled })
})

/** One wait, for however many. */
interface Turn {
  readonly plan: Deferred.Deferred<Omit<Plan, "userAction">>
  readonly over: Deferred.Deferred<void>
}

/** Policies between which a pace keeps apart, and how far it has come with each. */
const lanes = {
  reconnect: { policy: reconnectPolicy, isWokenByReturn: true },
  rejoin: { policy: namespacePolicy, isWokenByReturn: false },
  probe: { policy: probePolicy, isWokenByReturn: false },
  slow: { policy: slowPolicy, isWokenByReturn: false }
}
type Lane = keyof typeof lanes

/** A policy that says when it will be through before it waits. */
const driverOf = (lane: Lane) =>
  Schedule.driver(
    lanes[lane].policy.pipe(
      Schedule.passthrough<unknown, Deferred.Deferred<number>, never>,
      Schedule.onDecision((told, decision) => Deferred.succeed(told, startOf(decision)))
    )
  )
type Driver = Effect.Effect.Success<ReturnType<typeof driverOf>>

/** What waits goes on in the scope; a pace that never waited holds next to nothing. */
const makePace = (scope: Scope.Scope, awaitReturn: Effect.Effect<void>) => (): Pace => {
  const turns = new Map<Lane, Turn>()
  const drivers = new Map<Lane, Driver>()
  let flaps: ReadonlyArray<number> = []

  const driver = (lane: Lane) =>
    Effect.suspend(() => {
      const known = drivers.get(lane)
      return known !== undefined
        ? Effect.succeed(known)
        : Effect.tap(driverOf(lane), (made) => {
            drivers.set(lane, made)
          })
    })

  const lostOften = (wasUp: boolean) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const since = now - Duration.toMillis(flapWindow)
      flaps = [...flaps.filter((at) => at > since), ...(wasUp ? [now] : [])]
      return flaps.length > maxFlaps
    })

  const end = (chosen: Lane, turn: Turn) =>
    Effect.suspend(() => {
      if (turns.get(chosen) === turn) turns.delete(chosen)
      return Deferred.succeed(turn.over, undefined)
    })

  const begin = (chosen: Lane, isFlapping: boolean) => {
    const turn: Turn = {
      plan: Deferred.unsafeMake(FiberId.none),
      over: Deferred.unsafeMake(FiberId.none)
    }
    turns.set(chosen, turn)
    return Effect.gen(function* () {
      const told = yield* Deferred.make<number>()
      // No policy here ever ends.
      const through = Effect.orDie(Effect.flatMap(driver(chosen), (own) => own.next(told)))
      yield* Effect.raceAll([
        through,
        Deferred.await(turn.over),
        lanes[chosen].isWokenByReturn ? awaitReturn : Effect.never
      ]).pipe(Effect.interruptible, Effect.ensuring(end(chosen, turn)), Effect.forkIn(scope))
      const nextAttempt = DateTime.unsafeMake(yield* Deferred.await(told))
      yield* Deferred.succeed(turn.plan, { isFlapping, nextAttempt })
      return turn
    }).pipe(Effect.uninterruptible) // others wait for the plan too
  }

  return {
    wait: ({ error, wasSettled, wasUp }, tell) =>
      Effect.gen(function* () {
        const userAction = parkReason(error)
        const isFlapping = yield* lostOften(wasUp && turns.size === 0)
        const chosen: Lane =
          userAction !== undefined
            ? "probe"
            : error._tag === "NamespaceRefused"
              ? "rejoin"
              : isFlapping
                ? "slow"
                : "reconnect"
        if (wasSettled && !turns.has("reconnect")) drivers.delete("reconnect")
        const turn: Turn = turns.get(chosen) ?? (yield* begin(chosen, isFlapping))
        yield* tell({ ...(yield* Deferred.await(turn.plan)), userAction })
        yield* Deferred.await(turn.over)
      }),
    up: Effect.suspend(() =>
      Effect.forEach([...turns], ([chosen, turn]) => end(chosen, turn), { discard: true })
    )
  }
}

const startOf = (decision: ScheduleDecision.ScheduleDecision): number =>
  ScheduleDecision.isContinue(decision) ? ScheduleIntervals.start(decision.intervals) : 0
