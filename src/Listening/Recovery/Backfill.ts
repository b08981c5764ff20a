/** Back-fill: fetches the messages of closed gaps from Evolution's database, oldest first, and adds those that the log lacks. */
import type { SqlError } from "@effect/sql"
import { DateTime, Duration, Effect } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import type { EvolutionError } from "../../Domain/EvolutionError.ts"
import * as Gap from "../../Domain/Gap.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { EventStore } from "../../Log/EventStore.ts"
import { Ingest } from "../../Log/Ingest.ts"
import { InstanceStore } from "../../Log/InstanceStore.ts"
import * as Secrets from "../../Telemetry/Secrets.ts"
import * as Tracing from "../../Telemetry/Tracing.ts"
import { Clocks } from "../Clocks.ts"
import { GapLedger } from "../GapLedger.ts"
import { doubt } from "./Doubt.ts"
import { fetch, grace, type Tools } from "./Fetch.ts"
import * as Messages from "./Messages.ts"

const retryWithin = { minimum: Duration.minutes(1), maximum: Duration.hours(1) }

export interface Backfill {
  /**
   * Back-fills the closed gaps of an instance as they become due, and writes each verdict into the ledger.
   * Ends when there is none left; progress survives its interruption.
   */
  readonly run: (instance: InstanceName) => Effect.Effect<void>
  /** Tells a run that a gap of the instance has closed; `false`: none runs. */
  readonly wake: (instance: InstanceName) => boolean
}

export const make = Effect.gen(function* () {
  const tools: Tools = {
    limit: yield* AppConfig.backfillLimit,
    clocks: yield* Clocks,
    scrub: yield* Secrets.scrub,
    messages: yield* Messages.make,
    instances: yield* InstanceStore,
    ingest: yield* Ingest,
    ledger: yield* GapLedger,
    log: yield* EventStore
  }
  const runs = new Map<InstanceName, Effect.Latch>()

  const tryWhenDue = (gap: Gap.Recoverable, woken: Effect.Latch) =>
    Effect.gen(function* () {
      const wait = DateTime.distance(yield* DateTime.now, dueOf(gap))
      // A clock that was set back lets a gap end in the future.
      const most = Duration.toMillis(gap.retryAt === null ? grace : retryWithin.maximum)
      const isDue = yield* Effect.raceFirst(
        Effect.as(Effect.sleep(Math.min(Math.max(0, wait), most)), true),
        // A gap that closes meanwhile may be due before.
        Effect.as(woken.await, false)
      )
      if (isDue) yield* tools.ledger.update(yield* recover(tools, gap))
    })

  const leave = (instance: InstanceName, woken: Effect.Latch) => {
    if (runs.get(instance) === woken) runs.delete(instance)
  }

  const next = (instance: InstanceName, woken: Effect.Latch): Effect.Effect<void> =>
    Effect.suspend(() => {
      woken.unsafeClose()
      const [gap] = [...tools.ledger.pending(instance)].sort(byDue)
      if (gap !== undefined) return Effect.zipRight(tryWhenDue(gap, woken), next(instance, woken))
      // In the same step as the look at the ledger: a gap that closes from now on begins a new run.
      leave(instance, woken)
      return Effect.void
    })

  const backfill: Backfill = {
    run: (instance) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const woken = Effect.unsafeMakeLatch()
          runs.set(instance, woken)
          return woken
        }),
        (woken) => next(instance, woken),
        (woken) => Effect.sync(() => leave(instance, woken))
      ),
    wake: (instance) => {
      const woken = runs.get(instance)
      woken?.unsafeOpen()
      return woken !== undefined
    }
  }
  return backfill
})

const recover = (tools: Tools, gap: Gap.Recoverable): Effect.Effect<Gap.Closed> =>
  Effect.gen(function* () {
    if (tools.limit === 0) return Gap.lost(gap, "limit", "BACKFILL_LIMIT is 0")
    const fetched = yield* fetch(tools, gap)
    const doubted = fetched.recovered === true ? yield* doubt(tools, gap) : undefined
    if (doubted === undefined) return fetched
    // The next try is from the beginning: Evolution may yet store messages of any time.
    const again = { ...fetched, fetchedUntil: null }
    return doubted.isFinal
      ? Gap.lost(fetched, "not_stored", doubted.note)
      : Gap.retrying(again, doubted.note, yield* nextTry(gap))
  }).pipe(
    Effect.catchAll((error): Effect.Effect<Gap.Closed> => {
      const latest = tools.ledger.pending(gap.instance).find(({ id }) => id === gap.id) ?? gap
      const note = tools.scrub.words(`Cannot fetch messages: ${messageOf(error)}`)
      return error._tag === "InstanceNotFound"
        ? Effect.succeed(Gap.lost(latest, "not_found", error.message))
        : Effect.map(nextTry(gap), (retryAt) => Gap.retrying(latest, note, retryAt))
    }),
    Tracing.span("backfill.gap", { root: true, attributes: { instance: gap.instance } })
  )

const dueOf = ({ retryAt, to }: Gap.Recoverable): DateTime.Utc =>
  retryAt ?? DateTime.addDuration(to, grace)
const byDue = (left: Gap.Recoverable, right: Gap.Recoverable) =>
  DateTime.Order(dueOf(left), dueOf(right))

/** The pause before the next try is as long as the time since the gap closed, within bounds. */
const nextTry = ({ to }: Gap.Closed) =>
  Effect.map(DateTime.now, (now) =>
    DateTime.addDuration(now, Duration.clamp(DateTime.distanceDuration(to, now), retryWithin))
  )

const messageOf = (error: EvolutionError | SqlError.SqlError): string =>
  error._tag === "SqlError" ? detailOf(error) : error.message
