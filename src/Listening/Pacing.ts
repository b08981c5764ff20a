/**
 * Delays between attempts. Listeners on a shared link share one pace: all wait for the same moment, and dial
 * once. A listener with a link of its own has a pace of its own. In auto mode it has both.
 */
import {
  Clock,
  Context,
  DateTime,
  Deferred,
  Duration,
  Effect,
  Fiber,
  FiberId,
  Layer,
  Random,
  type Scope
} from "effect"
import type { UpgradeReason } from "../Domain/LinkError.ts"
import type { ParkReason, SessionError } from "../Domain/ListenerState.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { Upstream } from "../Evolution/Upstream.ts"

/** Delays in ms: they double from `first` to `longest`, each 20 % more or less. */
export interface Policy {
  readonly first: number
  readonly longest: number
}

const constant = (delay: Duration.DurationInput): Policy => {
  const millis = Duration.toMillis(delay)
  return { first: millis, longest: millis }
}

/** After a failure: from 0.5 s doubling to 25 s, so with the jitter never above 30 s. */
export const reconnectPolicy: Policy = { first: 500, longest: 25_000 }

/** A namespace that does not exist yet is no failure; a short delay misses few of its first events. */
export const namespacePolicy = constant("500 millis")

/** A parked listener waits for a person; a rare attempt finds out that the cause is gone. */
export const probePolicy = constant("5 minutes")

/** A link that is lost again and again costs Evolution a handshake each time, and us a gap. */
export const slowPolicy = constant("1 minute")

/** The delay in ms after so many failures before. */
export const backoff = ({ first, longest }: Policy, failures: number): number =>
  Math.min(first * 2 ** failures, longest)

/** Between 80 and 120 % of a delay; `random` is from [0, 1). */
export const jitter = (millis: number, random: number): number =>
  Math.round(millis * (0.8 + 0.4 * random))

/** More losses of an established link than this, within this time, make it slow. */
export const maxFlaps = 10
export const flapWindow = Duration.minutes(5)

/** A link that ends sooner was not stable: the delays go on growing. */
export const stableAfter = Duration.seconds(10)

/** An intermediary's answer, and a database that Evolution has lost, pass by themselves. */
const parkReasons: Readonly<Partial<Record<UpgradeReason, ParkReason>>> = {
  key: "check_api_key",
  license: "activate_license",
  disabled: "enable_websocket"
}

/** The action that only a person can take; `undefined`: another attempt may succeed by itself. */
export const parkReason = (error: SessionError): ParkReason | undefined => {
  switch (error._tag) {
    case "KeyRefused":
      return "check_api_key"
    case "LicenseRequired":
      return "activate_license"
    case "UpgradeRefused":
      return parkReasons[error.reason]
    case "NameImpossible":
      return "use_global_mode"
    default:
      return undefined
  }
}

/** The end of a session. */
export interface Failure {
  readonly error: SessionError
  /** The link was up. */
  readonly wasUp: boolean
  /** The link was up for `stableAfter`: earlier failures no longer count. */
  readonly wasStable: boolean
}

export interface Plan {
  readonly nextAttempt: DateTime.Utc
  readonly userAction: ParkReason | undefined
  /** The link was lost so often lately that attempts are a minute apart. */
  readonly isFlapping: boolean
}

export interface Pace {
  /** Reports the plan for the next attempt, and waits until then. */
  readonly wait: (
    failure: Failure,
    report: (plan: Plan) => Effect.Effect<void>
  ) => Effect.Effect<void>
  /** The link is up: ends every wait. */
  readonly up: Effect.Effect<void>
}

export class Pacing extends Context.Tag("evolution-listener/Pacing")<
  Pacing,
  {
    /** The pace of one listener, or of all that share a link. */
    readonly pace: Effect.Effect<Pace>
  }
>() {
  static readonly layer = Layer.scoped(
    Pacing,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function* () {
  const source = yield* EventSource
  const upstream = yield* Upstream
  const scope = yield* Effect.scope
  const shared = makePace(scope, upstream.awaitReturn)
  if (source.mode === "global") return Pacing.of({ pace: Effect.succeed(shared) })
  const own = Effect.sync(() => {
    const { up, wait } = makePace(scope, upstream.awaitReturn)
    const pace: Pace = { up, wait: (...args) => Effect.onInterrupt(wait(...args), () => up) }
    return pace
  })
  if (source.mode === "namespace") return Pacing.of({ pace: own })
  return Pacing.of({
    pace: Effect.map(own, (mine): Pace => {
      const current = () => (source.isShared ? shared : mine)
      return {
        up: Effect.suspend(() => current().up),
        // The other mode may help at once, where only a person could help in this one: a name with a comma.
        wait: (...args) =>
          Effect.suspend(() => Effect.raceFirst(current().wait(...args), source.modeChanged))
      }
    })
  })
})

/** One wait, shared by all who begin one before it is over. */
interface SharedWait extends Omit<Plan, "userAction"> {
  readonly fiber: Fiber.RuntimeFiber<void>
  /** Ends the wait before its time. */
  readonly cut: Effect.Effect<unknown>
}

const policies = {
  reconnect: reconnectPolicy,
  rejoin: namespacePolicy,
  probe: probePolicy,
  slow: slowPolicy
}
type Lane = keyof typeof policies

const laneOf = ({ error }: Failure, isFlapping: boolean): Lane => {
  if (parkReason(error) !== undefined) return "probe"
  if (error._tag === "NamespaceRefused" || error._tag === "ModeChanged") return "rejoin"
  return isFlapping ? "slow" : "reconnect"
}

/** Waits run in the scope, so that the others' goes on when one who waits is interrupted. */
const makePace = (scope: Scope.Scope, awaitReturn: Effect.Effect<void>): Pace => {
  const waits = new Map<Lane, SharedWait>()
  let failures = 0
  let flaps: ReadonlyArray<number> = []

  const isLostOften = (wasUp: boolean, now: number) => {
    const since = now - Duration.toMillis(flapWindow)
    flaps = [...flaps.filter((at) => at > since), ...(wasUp ? [now] : [])]
    return flaps.length > maxFlaps
  }

  const begin = (lane: Lane, isFlapping: boolean, now: number, random: number) =>
    Effect.gen(function* () {
      const millis = jitter(backoff(policies[lane], lane === "reconnect" ? failures++ : 0), random)
      const cut = Deferred.unsafeMake<void>(FiberId.none)
      const over = Effect.sync(() => {
        if (waits.get(lane) === wait) waits.delete(lane)
      })
      const fiber = yield* Effect.raceAll([
        Effect.sleep(millis),
        Deferred.await(cut),
        lane === "reconnect" ? awaitReturn : Effect.never
      ]).pipe(Effect.interruptible, Effect.ensuring(over), Effect.forkIn(scope))
      const wait: SharedWait = {
        isFlapping,
        nextAttempt: DateTime.unsafeMake(now + millis),
        fiber,
        cut: Effect.zipRight(over, Deferred.succeed(cut, undefined))
      }
      waits.set(lane, wait)
      return wait
    })

  const join = (failure: Failure, now: number, random: number) =>
    Effect.suspend(() => {
      const isFlapping = isLostOften(failure.wasUp && waits.size === 0, now)
      const lane = laneOf(failure, isFlapping)
      if (failure.wasStable && !waits.has("reconnect")) failures = 0
      const known = waits.get(lane)
      return known === undefined ? begin(lane, isFlapping, now, random) : Effect.succeed(known)
    })

  return {
    wait: (failure, report) =>
      Effect.gen(function* () {
        const [now, random] = [yield* Clock.currentTimeMillis, yield* Random.next]
        const wait = yield* Effect.uninterruptible(join(failure, now, random))
        const { isFlapping, nextAttempt } = wait
        yield* report({ isFlapping, nextAttempt, userAction: parkReason(failure.error) })
        yield* Fiber.await(wait.fiber)
      }),
    up: Effect.suspend(() =>
      Effect.forEach([...waits.values()], ({ cut }) => cut, { discard: true })
    )
  }
}
