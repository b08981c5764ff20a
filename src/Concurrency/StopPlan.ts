/**
 * The end of the service as one plan: the program promises to exit within 5 s of a signal, so what its
 * finalizers may take must add up to less, also where the database and Evolution do not answer.
 */
import { Clock, Context, Duration, Effect, Layer, Option, Scope } from "effect"

/**
 * The time of each part, in ms, in the order in which they stop: its `share` of the budget, and the time
 * that it has `alone`, when no plan bounds the end of the whole.
 */
const times = {
  /** Requests under way are answered; then their connections are cut. */
  http: { share: 500, alone: 500 },
  /** Messages on their way to endpoints are answered. */
  deliveries: { share: 300, alone: 5000 },
  /** Listeners hand over the events that they have received. */
  listeners: { share: 500, alone: 1000 },
  /** A WebSocket's closing handshake; all of them run at once. */
  sockets: { share: 800, alone: 1000 },
  /** The latest state of each gap goes to ingest. */
  ledger: { share: 300, alone: 500 },
  /** Received events are committed. */
  ingest: { share: 1200, alone: 3000 },
  /** The embedded database's pool ends. */
  pool: { share: 350, alone: 5000 },
  /** The embedded database closes. */
  database: { share: 350, alone: 5000 },
  /** Spans are sent. */
  traces: { share: 500, alone: 500 }
} as const

export type Part = keyof typeof times

/** The end of a part, in ms from the beginning of the plan. */
const endOf = (part: Part): number => {
  let sum = 0
  for (const [name, { share }] of Object.entries(times)) {
    sum += share
    if (name === part) break
  }
  return sum
}

/** For a bound that is set before the plan begins. */
export const share = (part: Part): Duration.Duration => Duration.millis(times[part].share)

/** The sum of all shares. The rest of the 5 s is for the process itself. */
export const budget = Duration.millis(endOf("traces"))

/** The time that one of several replicas has, before the plan begins, to give its servers to others. */
export const leaving = Duration.seconds(6)

interface Plan {
  /** A part may use its own share and whatever the parts before it have left over. */
  readonly left: (part: Part) => Effect.Effect<Duration.Duration>
}

/** Begins when the first part asks. */
export const make = (): Plan => {
  let began: bigint | undefined
  return {
    left: (part) =>
      Effect.map(Clock.currentTimeNanos, (now) => {
        began ??= now
        const elapsed = Number((now - began) / 1_000_000n)
        return Duration.millis(Math.max(0, endOf(part) - elapsed))
      })
  }
}

/** Without a plan, as in a program that uses one part by itself, each part has its time `alone`. */
export class StopPlan extends Context.Reference<StopPlan>()("evolution-listener/StopPlan", {
  defaultValue: (): Plan => ({ left: (part) => Effect.succeed(Duration.millis(times[part].alone)) })
}) {
  /** One plan for all layers that it is provided to. */
  static readonly layer = Layer.sync(StopPlan, make)
}

/** The time a part has left. The first part to ask begins the plan. */
export const left = (part: Part): Effect.Effect<Duration.Duration> =>
  Effect.flatMap(StopPlan, (plan) => plan.left(part))

/**
 * Runs a finalizer for as long as its part has time left, then lets it go on unobserved. `None`: it was
 * not done in time.
 */
export const within =
  (part: Part) =>
  <A, E, R>(finalizer: Effect.Effect<A, E, R>): Effect.Effect<Option.Option<A>, E, R> =>
    Effect.flatMap(left(part), (time) =>
      finalizer.pipe(
        // A finalizer is uninterruptible, and a timeout waits for the interruption of what it bounds.
        Effect.disconnect,
        Effect.interruptible,
        Effect.timeoutOption(time)
      )
    )

/** The same layer; closing all of it takes no longer than until the end of `part`. */
export const bounded =
  (part: Part) =>
  <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, Exclude<R, Scope.Scope>> =>
    Layer.scopedContext(
      Effect.gen(function* () {
        const scope = yield* Effect.acquireRelease(Scope.make(), (open, exit) =>
          Effect.flatMap(
            within(part)(Scope.close(open, exit)),
            Option.match({
              onNone: () => Effect.logError("Stopped without waiting for every part to end"),
              onSome: () => Effect.void
            })
          )
        )
        // The memo map keeps shared layers shared: they are built once, as without this bound.
        return yield* Layer.buildWithMemoMap(layer, yield* Layer.CurrentMemoMap, scope)
      })
    )
