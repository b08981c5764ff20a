/** Lets attempts through, as many as an endpoint takes at a time, and says when that has to change. */
import {
  Clock,
  Data,
  Deferred,
  Duration,
  Effect,
  Either,
  identity,
  Metric,
  RateLimiter
} from "effect"
import * as FairSemaphore from "../../Concurrency/FairSemaphore.ts"
import { monotonicOf, wallOf } from "../../Domain/Clock.ts"
import { defaults, type Settings } from "../../Domain/Endpoint.ts"
import * as Metrics from "../../Telemetry/Metrics.ts"
import type * as Feed from "../Feed.ts"
import {
  type DeliveryFailed,
  type FailureKind,
  failureKinds,
  isOurs,
  type Outgoing,
  type Sink
} from "../Sink.ts"
import type { Breaker } from "./Breaker.ts"
import type { Noted } from "./Health.ts"

export type End = Data.TaggedEnum<{
  /** The receiver is back. */
  Recovered: { readonly message: Outgoing }
  /** It is to be left in peace. */
  Opened: { readonly message: Outgoing; readonly error: DeliveryFailed }
  /** Nothing more is to be delivered. */
  Ended: { readonly message: Outgoing; readonly error: DeliveryFailed; readonly reason: string }
}>
export const End = Data.taggedEnum<End>()

/** An endpoint that nothing but failed for so long is ended. */
const patience = Duration.days(5)

for (const type of ["webhook", "rabbitmq", "nats"])
  for (const outcome of ["delivered", ...failureKinds])
    Metrics.deliveryAttempts({ type, outcome }).register()

export interface Options {
  readonly settings: Settings
  readonly sink: Sink
  /** Attempts of all endpoints at the same time. */
  readonly all: FairSemaphore.FairSemaphore
  readonly breaker: Breaker
  readonly health: Noted
}

/** The inner function opens a gate; no attempt gets through it after its end. */
export const make = Effect.fnUntraced(function* (options: Options) {
  const { all, breaker, health, settings, sink } = options
  const clock = yield* Clock.clockWith(Effect.succeed)
  const [now, monotonic] = [wallOf(clock), monotonicOf(clock)]
  const limited =
    settings.rateLimit === undefined
      ? identity
      : yield* RateLimiter.make({ limit: settings.rateLimit, interval: "1 second" })

  const { type } = settings.target
  const counts = (outcome: FailureKind | "delivered") =>
    Metric.increment(Metrics.deliveryAttempts({ type, outcome }))
  const count = ({ attempt, isReplay, item }: Outgoing) =>
    item._tag === "Event" && attempt === 1 && !isReplay && item.event.origin === "live"
      ? Effect.zipRight(
          counts("delivered"),
          Metric.update(Metrics.deliverySeconds, (now() - item.event.receivedAt) / 1000)
        )
      : counts("delivered")

  const noteSuccess = (): void => {
    breaker.delivered()
    health.note({ lastSuccessAt: now(), failingSince: null, reason: null })
  }

  /** The end, if the failure is one. */
  const noteFailure = (
    lane: string,
    message: Outgoing,
    error: DeliveryFailed,
    probe: { readonly isProbing: boolean; readonly others: boolean }
  ): End | undefined => {
    const reason = error.message
    const since = health.now().failingSince ?? now()
    health.note({ lastFailureAt: now(), failingSince: since, reason })
    const isOpen = breaker.failed(lane, error, probe)
    if (error.kind === "gone") return End.Ended({ message, error, reason })
    if (!isOurs(error.kind) && now() - since > Duration.toMillis(patience)) {
      const words = `Nothing was delivered since ${new Date(since).toISOString()}: ${reason}`
      return End.Ended({ message, error, reason: words })
    }
    return isOpen ? End.Opened({ message, error }) : undefined
  }

  return Effect.fnUntraced(function* (isProbing: boolean, hasOthers: () => boolean) {
    const end = yield* Deferred.make<End>()
    const gate = FairSemaphore.make(isProbing ? 1 : (settings.concurrency ?? defaults.concurrency))
    let isOver = false
    const finish = (how: End) => {
      isOver = true
      return Deferred.succeed(end, how)
    }

    const send = (lane: string, message: Outgoing) =>
      Effect.suspend(() => {
        const [at, began] = [now(), monotonic()]
        return Effect.flatMap(Effect.either(sink.send(message)), (result) => {
          const attempted = { at, tookMs: monotonic() - began, result }
          if (Either.isRight(result)) {
            noteSuccess()
            const back = isProbing ? finish(End.Recovered({ message })) : Effect.void
            return Effect.zipRight(back, Effect.as(count(message), attempted))
          }
          const probe = { isProbing, others: hasOthers() }
          const how = noteFailure(lane, message, result.left, probe)
          const over = how === undefined ? Effect.void : finish(how)
          return Effect.zipRight(over, Effect.as(counts(result.left.kind), attempted))
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
    return { attempt, end }
  })
})
