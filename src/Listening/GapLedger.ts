/**
 * When we did not hear, of which instance, and what came of it. The truth is in memory, at once, and
 * goes into the log and the `gaps` table with the events, in their order.
 */
import { randomUUID } from "node:crypto"
import {
  Clock,
  Context,
  DateTime,
  Duration,
  Effect,
  Equal,
  Layer,
  Metric,
  Queue,
  Schedule,
  Schema
} from "effect"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { type EvolutionEvent, ofOurs } from "../Domain/Event.ts"
import * as Gap from "../Domain/Gap.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { GapStore } from "../Log/GapStore.ts"
import { Ingest } from "../Log/Ingest.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Metrics from "../Telemetry/Metrics.ts"
import { Secrets } from "../Telemetry/Secrets.ts"
import * as Entries from "./GapLedger/Entries.ts"

export class GapLedger extends Context.Tag("evolution-listener/GapLedger")<
  GapLedger,
  {
    /**
     * We do not hear, since `from` (ms since 1970 UTC). A gap that is open stays as it is; one that
     * this overlaps with goes on.
     */
    readonly open: (
      instance: InstanceName,
      from: number,
      cause: Gap.GapCause
    ) => Effect.Effect<void>
    /** We hear again. */
    readonly close: (instance: InstanceName) => Effect.Effect<void>
    /** The closed gaps for which there is something left to try, oldest first. */
    readonly pending: (instance: InstanceName) => ReadonlyArray<Gap.Recoverable>
    /** Names of instances of which a gap has just closed; for one reader. */
    readonly closed: Queue.Dequeue<InstanceName>
    /** Waits until the next one closes. One at a time may wait for an instance's. */
    readonly awaitClosing: (instance: InstanceName) => Effect.Effect<void>
    /**
     * Writes down what back-fill has come to. A gap that was not over after all, or is done with, stays
     * as it is: what was fetched is of a shorter one.
     */
    readonly update: (gap: Gap.Closed) => Effect.Effect<void>
    /** The instance is no more; another one may come to bear its name. */
    readonly forget: (instance: InstanceName) => Effect.Effect<void>
    /** So many gaps that were not recovered are too old to be told of. */
    readonly outlived: (instance: string, count: number) => void
    readonly summary: (instance: InstanceName) => Gap.GapSummary
  }
>() {
  static readonly layer = Layer.scoped(
    GapLedger,
    Effect.suspend(() => make)
  )
}

/** The event that tells of each change of an entry. */
export const eventName = "gap.updated"

/** An event may be this long on its way to us: a gap begins that much before what was heard last. */
export const transit = Duration.seconds(5)

/** The most that a killed process leaves unknown, beside `transit`. */
const heartbeatEvery = Duration.seconds(5)

/** How long stopping may take to hand over what has changed. */
const flushTimeout = Duration.millis(500)

const make = Effect.gen(function* () {
  const store = yield* GapStore
  const ingest = yield* Ingest
  const instances = yield* InstanceStore
  const source = yield* EventSource
  const clock = yield* Effect.clock
  const entries = Entries.make()
  /** When the open ones began, in ns on the clock that does not jump. */
  const began = new Map<string, bigint>()
  /** What is not committed yet: the latest of each gap. */
  const changed = new Map<string, Gap.Gap>()
  /** Those of them that ingest was given. */
  const handedOver = new Set<Gap.Gap>()
  const hasChanged = yield* Effect.makeLatch(false)

  const closed = yield* Queue.unbounded<InstanceName>()
  /** Each opens when a gap of its instance closes. */
  const closings = new Map<string, Effect.Latch>()
  const closingOf = (instance: string) => {
    const closing = closings.get(instance) ?? Effect.unsafeMakeLatch()
    closings.set(instance, closing)
    return closing
  }

  const update = (gap: Gap.Gap) =>
    Effect.suspend(() => {
      entries.keep(gap)
      changed.set(gap.id, gap)
      return Effect.asVoid(hasChanged.open)
    })

  const remember = (instance: string, from: DateTime.Utc) =>
    Effect.sync(() => {
      const passed = Math.max(0, clock.unsafeCurrentTimeMillis() - DateTime.toEpochMillis(from))
      began.set(instance, clock.unsafeCurrentTimeNanos() - BigInt(Math.round(passed)) * 1_000_000n)
    })

  const open = (instance: InstanceName, since: number, cause: Gap.GapCause) =>
    Effect.gen(function* () {
      if (entries.open(instance) !== undefined) return
      // The clock may have been set back since.
      const from = DateTime.min(DateTime.unsafeMake(since), yield* DateTime.now)
      const before = entries.before(instance, from, cause)
      const gap =
        before === undefined
          ? Gap.opened({ id: randomUUID(), instance, from, cause })
          : Gap.reopened(before)
      yield* remember(instance, gap.from)
      yield* update(gap)
      yield* Metric.increment(Metrics.gapsOpened({ cause }))
    })

  const close = (instance: InstanceName) =>
    Effect.gen(function* () {
      const gap = entries.open(instance)
      if (gap === undefined) return
      const now = yield* DateTime.now
      const ticks = clock.unsafeCurrentTimeNanos()
      const millis = Number((ticks - (began.get(instance) ?? ticks)) / 1_000_000n)
      began.delete(instance)
      // The clock may have been set meanwhile: the gap reaches as far as by either.
      const from = DateTime.min(gap.from, DateTime.subtract(now, { millis }))
      const to = DateTime.max(now, DateTime.add(gap.from, { millis }))
      yield* update(Gap.closed({ ...gap, from }, to))
      yield* closings.get(instance)?.open ?? Effect.void
      closings.delete(instance)
      yield* Queue.offer(closed, instance)
    })

  const forget = (instance: InstanceName) =>
    close(instance).pipe(
      Effect.zipRight(
        Effect.suspend(() =>
          Effect.forEach(entries.pending(instance), (gap) =>
            update(Gap.unrecovered(gap, "The instance was deleted"))
          )
        )
      ),
      Effect.zipRight(Effect.sync(() => entries.forget(instance)))
    )

  const record = Effect.gen(function* () {
    const gaps = [...changed.values()].filter((gap) => !handedOver.has(gap))
    const { committed } = yield* ingest.appendOwn(yield* Effect.forEach(gaps, toEvent))
    for (const gap of gaps) handedOver.add(gap)
    yield* committed
    for (const gap of gaps) {
      handedOver.delete(gap)
      if (changed.get(gap.id) === gap) changed.delete(gap.id)
    }
  })

  /** While a change of ours is not committed, the time of the last beat has to stand. */
  const beat = Effect.gen(function* () {
    const heard = yield* source.heard
    const settled = yield* ingest.committedUntil
    if (changed.size > 0) return
    yield* ingest.observeStatement(
      store.heartbeat(DateTime.unsafeMake(Math.min(settled, heard ?? settled)))
    )
  }).pipe(
    Effect.catchAll((error) => Effect.logDebug(`Cannot write the heartbeat: ${detailOf(error)}`))
  )

  const wishes = new Map((yield* instances.all).map((record) => [record.name, record]))
  for (const [instance, lost] of yield* store.lost) entries.lost(instance, lost)
  for (const gap of yield* store.unfinished) {
    entries.keep(gap)
    if (!Gap.isOpen(gap)) continue
    yield* remember(gap.instance, gap.from)
    // It ended when nobody wanted to listen any more, and that could not be written down.
    const wish = wishes.get(gap.instance)
    if (wish?.desired === "stopped")
      yield* update(Gap.closed(gap, DateTime.max(gap.from, wish.desiredAt)))
  }
  const lastHeartbeat = yield* store.lastHeartbeat
  for (const { desired, desiredAt, name } of wishes.values()) {
    if (desired === "stopped") continue
    const heard = DateTime.subtractDuration(
      lastHeartbeat?.at ?? instances.lastEvent(name)?.at ?? desiredAt,
      transit
    )
    const cause = lastHeartbeat?.stopped === true ? "service_stopped" : "service_crashed"
    yield* open(name, DateTime.toEpochMillis(DateTime.max(desiredAt, heard)), cause)
  }

  yield* Effect.addFinalizer(() =>
    record.pipe(Effect.interruptible, Effect.timeoutOption(flushTimeout))
  )
  yield* hasChanged.await.pipe(
    Effect.zipRight(hasChanged.close),
    Effect.zipRight(record),
    Effect.forever,
    Effect.forkScoped
  )
  yield* Effect.forkScoped(Effect.repeat(beat, Schedule.spaced(heartbeatEvery)))

  return GapLedger.of({
    open,
    close,
    forget,
    update: (gap) =>
      Effect.suspend(() => {
        const known = entries.get(gap)
        const isSame = known?.to != null && Equal.equals(known.to, gap.to)
        return isSame ? update(gap) : Effect.void
      }),
    closed,
    awaitClosing: (instance) =>
      Effect.suspend(() => closingOf(instance).await).pipe(
        Effect.onInterrupt(() => Effect.sync(() => closings.delete(instance)))
      ),
    outlived: entries.outlived,
    pending: entries.pending,
    summary: entries.summary
  })
})

const toEvent = (gap: Gap.Gap): Effect.Effect<EvolutionEvent> =>
  Effect.zipWith(Clock.currentTimeMillis, Secrets, (receivedAt, { scrub }) =>
    ofOurs({ instance: gap.instance, event: eventName, data: encode(gap), gap, receivedAt }, scrub)
  )

const encode = Schema.encodeSync(Gap.Gap)
