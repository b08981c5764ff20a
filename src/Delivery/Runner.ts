/**
 * Delivers to one endpoint the events of one server: its feed, and those of its replays. When the receiver is away they
 * end, and it is tried with its oldest events at growing intervals; they go on from their cursors when it is back.
 */
import {
  Data,
  Deferred,
  Duration,
  Effect,
  Either,
  FiberMap,
  identity,
  Random,
  RateLimiter,
  Stream
} from "effect"
import * as FairSemaphore from "../Concurrency/FairSemaphore.ts"
import { loop } from "../Concurrency/Supervise.ts"
import { monotonicOf, wallOf } from "../Domain/Clock.ts"
import { defaults, type Endpoint } from "../Domain/Endpoint.ts"
import { takesOf } from "./Feed/Filter.ts"
import * as Feed from "./Feed.ts"
import { instanceOf, reasonOf } from "./Outcome.ts"
import * as Breaker from "./Runner/Breaker.ts"
import type { Noted } from "./Runner/Health.ts"
import { type DeliveryFailed, isAway, type Outgoing, type Sink } from "./Sink.ts"

/** A stretch of the log that is delivered once more. */
export interface Replay {
  readonly id: string
  readonly after: number
  readonly until: number
  readonly filter: Parameters<typeof takesOf>[1]
}

/** What happens to an endpoint, for others to know. */
export type Turn =
  | Feed.Turn
  | {
      readonly _tag: "blocked"
      readonly instance: string
      /** The id of the event that was tried at last. */
      readonly event: number | null
      readonly reason: string
      /** ms since 1970 UTC. */
      readonly nextProbeAt: number
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
  /** Those that run, now and after each change. */
  readonly replays: Stream.Stream<ReadonlyArray<Replay>>
  readonly finished: (replay: Replay) => Effect.Effect<void>
  readonly told: (turn: Turn) => Effect.Effect<void>
  /** Ends deliveries until a person resumes them. */
  readonly disable: (reason: string) => Effect.Effect<void>
}

/** An endpoint that nothing but failed for so long is ended. */
const patience = Duration.days(5)

type End = Data.TaggedEnum<{
  Recovered: { readonly instance: string; readonly event: number | null }
  Opened: { readonly instance: string; readonly event: number | null; readonly reason: string }
  Ended: { readonly reason: string }
}>
const End = Data.taggedEnum<End>()

const placeOf = ({ item }: Outgoing) => ({
  instance: instanceOf(item),
  event: item._tag === "Event" ? item.event.id : null
})

/** Runs until the scope closes; messages under way are waited for. */
export const run = Effect.fnUntraced(function* (options: Options) {
  const { all, disable, endpoint, finished, health, log, replays, sink, startsAfter, told } =
    options
  const { settings } = endpoint
  const clock = yield* Effect.clock
  const [now, monotonic] = [wallOf(clock), monotonicOf(clock)]
  const breaker = Breaker.make({ now: monotonic, retryDelays: settings.retryDelays })
  const limited =
    settings.rateLimit === undefined
      ? identity
      : yield* RateLimiter.make({ limit: settings.rateLimit, interval: "1 second" })

  const noteSuccess = (): void => {
    breaker.delivered()
    health.note({ lastSuccessAt: now(), failingSince: null, reason: null })
  }

  /** The end of the phase, if the failure is one. */
  const noteFailure = (
    lane: string,
    message: Outgoing,
    error: DeliveryFailed,
    probe: { readonly isProbing: boolean; readonly others: boolean }
  ): End | undefined => {
    const reason = reasonOf(error)
    const { failingSince } = health.now()
    const since = failingSince ?? now()
    health.note({ lastFailureAt: now(), failingSince: since, reason })
    const isOpen = breaker.failed(lane, error, probe)
    if (error.kind === "gone") return End.Ended({ reason })
    if (isAway(error.kind) && now() - since > Duration.toMillis(patience))
      return End.Ended({
        reason: `Nothing was delivered since ${new Date(since).toISOString()}: ${reason}`
      })
    return isOpen ? End.Opened({ ...placeOf(message), reason }) : undefined
  }

  /** One way through the log for the endpoint, and one for each replay, until the receiver is away or back. */
  const phase = (isProbing: boolean) =>
    Effect.gen(function* () {
      const end = yield* Deferred.make<End>()
      const gate = FairSemaphore.make(
        isProbing ? 1 : (settings.concurrency ?? defaults.concurrency)
      )
      const feeds = new Map<string, Feed.Feed>()
      let isOver = false
      const finish = (how: End) => {
        isOver = true
        return Deferred.succeed(end, how)
      }
      const others = () => [...feeds.values()].some((feed) => feed.depth().running > 1)

      const send = (lane: string, message: Outgoing) =>
        Effect.suspend(() => {
          const [at, began] = [now(), monotonic()]
          return Effect.flatMap(Effect.either(sink.send(message)), (result) => {
            const attempted = { at, tookMs: monotonic() - began, result }
            if (Either.isRight(result)) {
              noteSuccess()
              const back = isProbing ? finish(End.Recovered(placeOf(message))) : Effect.void
              return Effect.as(back, attempted)
            }
            const how = noteFailure(lane, message, result.left, { isProbing, others: others() })
            return Effect.as(how === undefined ? Effect.void : finish(how), attempted)
          })
        })
      const attempt: Feed.Options["attempt"] = (lane, message, settle) =>
        gate.withPermit(
          all.withPermit(
            limited(
              Effect.suspend(() =>
                isOver
                  ? Effect.never
                  : Effect.uninterruptible(Effect.flatMap(send(lane, message), settle))
              )
            )
          )
        )

      const feed = (key: string, narrowing: Replay["filter"], after: number, until?: number) =>
        Effect.tap(
          Feed.run({
            key: { feed: key, endpoint: endpoint.id, generation: endpoint.generation },
            settings,
            takes: takesOf(endpoint, narrowing),
            after,
            until,
            log,
            attempt,
            told,
            isProbing
          }),
          (running) => Effect.sync(() => feeds.set(key, running))
        )
      yield* feed(endpoint.id, {}, startsAfter)
      const replay = (one: Replay) =>
        feed(one.id, one.filter, one.after, one.until).pipe(
          Effect.flatMap(({ ended }) => ended),
          Effect.scoped,
          Effect.zipRight(finished(one)),
          Effect.ensuring(Effect.sync(() => feeds.delete(one.id)))
        )
      const running = yield* FiberMap.make<string, void>()
      yield* loop(
        "replays of an endpoint",
        Stream.runForEach(replays, (wanted) =>
          Effect.gen(function* () {
            for (const [id] of running)
              if (!wanted.some((one) => one.id === id)) yield* FiberMap.remove(running, id)
            for (const one of wanted)
              yield* FiberMap.run(running, one.id, replay(one), { onlyIfMissing: true })
          })
        )
      )
      return yield* Deferred.await(end)
    }).pipe(Effect.scoped)

  const block = ({ event, instance, reason }: Extract<End, { _tag: "Opened" }>) =>
    Effect.gen(function* () {
      const wait = breaker.open(yield* Random.next)
      const nextProbeAt = now() + wait
      const isNew = health.now().breaker === "closed"
      if (isNew) health.note({ since: now() })
      health.note({ breaker: "open", nextProbeAt })
      if (isNew) yield* told({ _tag: "blocked", instance, event, reason, nextProbeAt })
      yield* Effect.sleep(wait)
      health.note({ breaker: "half-open", nextProbeAt: null })
      return true
    })

  const next = (isProbing: boolean) =>
    Effect.flatMap(
      phase(isProbing),
      End.$match({
        Ended: ({ reason }) => Effect.zipRight(disable(reason), Effect.never),
        Opened: block,
        Recovered: ({ event, instance }) => {
          health.note({ breaker: "closed", since: now(), nextProbeAt: null })
          return Effect.as(
            told({ _tag: "recovered", instance, event, attempts: 0, reason: null }),
            false
          )
        }
      })
    )
  return yield* Effect.iterate(health.now().breaker !== "closed", {
    while: () => true,
    body: next
  })
})
