/**
 * Delivers to one endpoint the events of one server: its feed, and those of its replays. When the receiver is away they
 * end, and it is tried with its oldest events at growing intervals; they go on from their cursors when it is back.
 */
import { Deferred, Effect, FiberMap, Random, type Scope } from "effect"
import type * as FairSemaphore from "../Concurrency/FairSemaphore.ts"
import { loop } from "../Concurrency/Supervise.ts"
import { monotonicOf, wallOf } from "../Domain/Clock.ts"
import type { Endpoint, Replay } from "../Domain/Endpoint.ts"
import { Server } from "../Domain/Server.ts"
import { EventStore } from "../Log/EventStore.ts"
import { Aside } from "./Aside.ts"
import { takesOf } from "./Feed/Filter.ts"
import * as Feed from "./Feed.ts"
import { eventOf, instanceOf, type Turn } from "./Outcome.ts"
import { Positions } from "./Positions.ts"
import { again } from "./Runner/Again.ts"
import * as Breaker from "./Runner/Breaker.ts"
import * as Gate from "./Runner/Gate.ts"
import type { Noted } from "./Runner/Health.ts"
import type { DeliveryFailed, Outgoing, Sink } from "./Sink.ts"

export type { Turn } from "./Outcome.ts"

/** The replays of an endpoint that run. */
export interface Replaying {
  readonly now: () => ReadonlyArray<Replay>
  /** Is opened when there are others. */
  readonly changed: Effect.Latch
}

export interface Options {
  readonly endpoint: Endpoint
  readonly startsAfter: number
  /** Tells the log from others. */
  readonly log: string
  readonly sink: Sink
  /** Attempts of all endpoints at the same time. */
  readonly all: FairSemaphore.FairSemaphore
  readonly health: Noted
  readonly replays: Replaying
  readonly finished: (replay: Replay) => Effect.Effect<void>
  readonly told: (turn: Turn) => Effect.Effect<void>
  /** Called once, with what tells how much waits. */
  readonly entered: (depth: () => Feed.Depth) => Effect.Effect<void, never, Scope.Scope>
  /** Ends deliveries until a person resumes them. */
  readonly disable: (reason: string) => Effect.Effect<void>
}

const turnOf = (
  tag: Turn["_tag"],
  { attempt, item }: Outgoing,
  failure: DeliveryFailed | null
): Turn => ({
  _tag: tag,
  instance: instanceOf(item),
  event: eventOf(item),
  attempts: attempt,
  failure
})

const sumOf = (feeds: ReadonlyArray<Feed.Feed>): Feed.Depth =>
  feeds
    .map((feed) => feed.depth())
    .reduce((sum, one) => ({
      behind: sum.behind + one.behind,
      oldestAt:
        sum.oldestAt === null || one.oldestAt === null
          ? (sum.oldestAt ?? one.oldestAt)
          : Math.min(sum.oldestAt, one.oldestAt),
      isAtLeast: sum.isAtLeast || one.isAtLeast,
      running: sum.running + one.running
    }))

/** Runs until the scope closes; messages under way are waited for. */
export const run = Effect.fnUntraced(function* (options: Options) {
  const { disable, endpoint, entered, finished, health, log, replays, startsAfter, told } = options
  const { settings } = endpoint
  const aside = yield* Aside
  const clock = yield* Effect.clock
  const now = wallOf(clock)
  const breaker = Breaker.make({
    now: monotonicOf(clock),
    retryDelays: settings.retryDelays
  })
  const open = yield* Gate.make({ ...options, settings, breaker })
  const around = {
    log,
    now,
    settings,
    positions: yield* Positions,
    server: yield* Server,
    store: yield* EventStore,
    key: { feed: endpoint.id, endpoint: endpoint.id, generation: endpoint.generation }
  }

  const feeds = new Map<string, Feed.Feed>()
  /** Kept while the endpoint is left in peace. */
  let last: Feed.Depth = { behind: 0, oldestAt: null, isAtLeast: false, running: 0 }
  const depth = (): Feed.Depth => (feeds.size === 0 ? last : sumOf([...feeds.values()]))
  yield* entered(depth)

  /** One way through the log for the endpoint, and one for each replay, until the receiver is away or back. */
  const phase = (isProbing: boolean) =>
    Effect.gen(function* () {
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          last = depth()
          feeds.clear()
        })
      )
      const { attempt, end } = yield* open(isProbing, () => depth().running > 1)

      const feed = (key: string, narrowing: Replay["filter"], after: number, until?: number) =>
        Effect.tap(
          Feed.run({
            key: { ...around.key, feed: key },
            settings,
            takes: takesOf(endpoint, narrowing),
            after,
            until,
            log,
            attempt,
            told,
            crashed: (cause) => Deferred.failCause(end, cause),
            isProbing
          }),
          (running) => Effect.sync(() => feeds.set(key, running))
        )
      yield* feed(endpoint.id, {}, startsAfter)
      yield* aside.follow(endpoint.id, (due) =>
        Effect.forEach(due, (one) => Effect.ignore(again({ ...around, attempt }, one)), {
          concurrency: "unbounded"
        })
      )
      const replay = (one: Replay) =>
        feed(one.id, one.filter, one.after, one.until).pipe(
          Effect.flatMap(({ ended }) => ended),
          Effect.scoped,
          Effect.zipRight(finished(one)),
          Effect.ensuring(Effect.sync(() => feeds.delete(one.id)))
        )
      const running = yield* FiberMap.make<string, void>()
      const follow = Effect.gen(function* () {
        yield* replays.changed.close
        const wanted = replays.now()
        for (const [id] of running)
          if (!wanted.some((one) => one.id === id)) yield* FiberMap.remove(running, id)
        for (const one of wanted)
          yield* FiberMap.run(running, one.id, replay(one), { onlyIfMissing: true })
        yield* replays.changed.await
      })
      yield* loop("replays of an endpoint", Effect.forever(follow))
      return yield* Deferred.await(end)
    }).pipe(Effect.scoped)

  const block = ({ error, message }: Extract<Gate.End, { _tag: "Opened" }>) =>
    Effect.gen(function* () {
      const wait = breaker.open(yield* Random.next)
      const isNew = health.now().breaker === "closed"
      if (isNew) health.note({ since: now() })
      health.note({ breaker: "open", nextProbeAt: now() + wait })
      if (isNew) yield* told(turnOf("blocked", message, error))
      yield* Effect.sleep(wait)
      health.note({ breaker: "half-open", nextProbeAt: null })
      return true
    })

  const next = (isProbing: boolean) =>
    Effect.flatMap(
      phase(isProbing),
      Gate.End.$match({
        Ended: ({ error, message, reason }) =>
          Effect.zipRight(
            Effect.zipRight(disable(reason), told(turnOf("disabled", message, error))),
            Effect.never
          ),
        Opened: block,
        Recovered: ({ message }) => {
          health.note({ breaker: "closed", since: now(), nextProbeAt: null })
          return Effect.as(told(turnOf("recovered", message, null)), false)
        }
      })
    )
  return yield* Effect.iterate(health.now().breaker !== "closed", {
    while: () => true,
    body: next
  })
})
