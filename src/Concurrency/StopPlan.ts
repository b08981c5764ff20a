/**
 * The end of the service as one plan: the program promises to exit within 5 s of a signal, so what its
 * finalizers may take must add up to less, also where the database and Evolution do not answer.
 */
import { Clock, Context, Duration, Effect, Layer, Option, Scope } from "effect"

/** Each part of the service has a share (ms). Listed in the order in which they stop. */
const shares = {
  /** Requests under way are answered; then their connections are cut. */
  http: 500,
  /** Listeners hand over the events that they have received. */
  listeners: 500,
  /** A WebSocket's closing handshake; all of them run at once. */
  sockets: 1000,
  /** The latest state of each gap goes to ingest. */
  ledger: 300,
  /** Received events are committed. */
  ingest: 1300,
  /** The embedded database's pool ends. */
  pool: 350,
  /** The embedded database closes. */
  database: 350,
  /** Spans are sent. */
  traces: 500
} as const

export type Part = keyof typeof shares

const until = (part: Part): number => {
  let sum = 0
  for (const [name, millis] of Object.entries(shares)) {
    sum += millis
    if (name === part) break
  }
  return sum
}

/** For a bound that is set before the plan begins. */
export const share = (part: Part): Duration.Duration => Duration.millis(shares[part])

/** The sum of all shares. The rest of the 5 s is for the process itself. */
export const budget = Duration.millis(until("traces"))

interface Plan {
  /** A part may use its own share and whatever the parts before it have left over. */
  readonly left: (part: Part, alone: Duration.Duration) => Effect.Effect<Duration.Duration>
}

/** Begins when the first part asks. */
const make = (): Plan => {
  let began: bigint | undefined
  return {
    left: (part) =>
      Effect.map(Clock.currentTimeNanos, (now) => {
        began ??= now
        const elapsed = Number((now - began) / 1_000_000n)
        return Duration.millis(Math.max(0, until(part) - elapsed))
      })
  }
}

/** Without a plan, as in a program that uses one part by itself, each part has what it has `alone`. */
export class StopPlan extends Context.Reference<StopPlan>()("evolution-listener/StopPlan", {
  defaultValue: (): Plan => ({ left: (_, alone) => Effect.succeed(alone) })
}) {
  /** One plan for all layers that it is provided to. */
  static readonly layer = Layer.sync(StopPlan, make)
}

/** The time a part has left. The first part to ask begins the plan. */
export const left = (part: Part, alone = share(part)): Effect.Effect<Duration.Duration> =>
  Effect.flatMap(StopPlan, (plan) => plan.left(part, alone))

/**
 * Runs a finalizer for as long as its part has time left, then lets it go on unobserved. `None`: it was
 * not done in time.
 */
export const within =
  (part: Part, alone?: Duration.Duration) =>
  <A, E, R>(finalizer: Effect.Effect<A, E, R>): Effect.Effect<Option.Option<A>, E, R> =>
    Effect.flatMap(left(part, alone), (time) =>
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
        // What the layer shares with others outside is built once, as without this.
        return yield* Layer.buildWithMemoMap(layer, yield* Layer.CurrentMemoMap, scope)
      })
    )
