/**
 * The ledger of gaps: the times in which an instance's events may have been missed, and the verdicts on
 * them. The state is in memory, at once; each change goes into the log and the `gaps` table in the order of
 * the events around it.
 */
import { Context, DateTime, Duration, Effect, Layer, Schedule } from "effect"
import * as AppConfig from "../AppConfig.ts"
import * as StopPlan from "../Concurrency/StopPlan.ts"
import { loop } from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import * as Gap from "../Domain/Gap.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import { CurrentFence } from "../Domain/Tenure.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { GapStore } from "../Log/GapStore.ts"
import { Ingest } from "../Log/Ingest.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Changes from "./GapLedger/Changes.ts"
import * as Entries from "./GapLedger/Entries.ts"
import * as History from "./GapLedger/History.ts"
import * as Outbox from "./GapLedger/Outbox.ts"

export { eventName } from "./GapLedger/Outbox.ts"

export class GapLedger extends Context.Tag("evolution-listener/GapLedger")<
  GapLedger,
  {
    /**
     * Events are missed since `from` (ms since 1970 UTC). An open gap stays as it is; a closed one that
     * reaches beyond `from` is reopened.
     */
    readonly open: (
      instance: InstanceName,
      from: number,
      cause: Gap.GapCause
    ) => Effect.Effect<void>
    /** Events are heard again. */
    readonly close: (instance: InstanceName) => Effect.Effect<void>
    /** The closed gaps that back-fill has still to try, oldest first. */
    readonly pending: (instance: InstanceName) => ReadonlyArray<Gap.Recoverable>
    /**
     * Records a result of back-fill. Ignored if the gap was reopened or finished meanwhile: the result
     * belongs to a shorter gap.
     */
    readonly update: (gap: Gap.Closed) => Effect.Effect<void>
    /** Takes the verdict on a closed gap back: it is pending again, and due at once. */
    readonly retry: (gap: Gap.Closed) => Effect.Effect<void>
    /** Notes the messages that were fetched while the gap is open. Ignored if it has closed meanwhile. */
    readonly advance: (instance: InstanceName, round: Gap.Closed) => Effect.Effect<void>
    /** Adds an import, which back-fill then fetches. `false`: one of this instance is not done yet. */
    readonly importing: (entry: Gap.Pending) => Effect.Effect<boolean>
    /**
     * A listener begins. The inner effect, for when its link is up, adds the import that `IMPORT_ON_START`
     * asks for, if the log had no event of the instance before, and there was no import of it yet.
     */
    readonly begins: (instance: InstanceName) => Effect.Effect<Effect.Effect<void>>
    /** Drops a deleted instance; another one may come to bear its name. */
    readonly forget: (instance: InstanceName) => Effect.Effect<void>
    /** Takes this many deleted gaps off the instance's count of unrecovered ones. */
    readonly forgetUnrecovered: (instance: string, count: number) => void
    readonly summary: (instance: InstanceName) => Gap.GapSummary
  }
>() {
  static readonly layer = Layer.scoped(
    GapLedger,
    Effect.suspend(() => make)
  )
}

/** The longest time that an event is in flight: a gap begins that much before the last event heard. */
export const transit = Duration.seconds(5)

/** A killed process leaves this much time unknown at most, beside `transit`. */
const heartbeatEvery = Duration.seconds(5)

const make = Effect.gen(function* () {
  const ingest = yield* Ingest
  const ledger: Changes.Ledger = {
    clock: yield* Effect.clock,
    entries: Entries.make(),
    outbox: Outbox.make(ingest),
    began: new Map()
  }
  const { entries, outbox } = ledger
  yield* restore(ledger)
  yield* Effect.addFinalizer(() => StopPlan.within("ledger")(outbox.flush))
  yield* loop("gap ledger", outbox.run)
  yield* loop("heartbeat", Effect.repeat(yield* heartbeat(outbox), Schedule.spaced(heartbeatEvery)))

  return GapLedger.of({
    open: (instance, from, cause) => Changes.open(ledger, instance, from, cause),
    close: (instance) => Changes.close(ledger, instance),
    forget: (instance) => Changes.forget(ledger, instance),
    update: (gap) => Changes.update(ledger, gap),
    retry: (gap) => Changes.retry(ledger, gap),
    importing: (entry) =>
      entries.pending(entry.instance).some(Gap.isImport)
        ? Effect.succeed(false)
        : Effect.as(Changes.put(ledger, entry), true),
    begins: yield* History.make(ledger),
    advance: (instance, round) => Changes.advance(ledger, instance, round),
    forgetUnrecovered: entries.forgetUnrecovered,
    pending: entries.pending,
    summary: entries.summary
  })
})

/**
 * The service before this one left its gaps, and may have left time that no gap covers: none, if the link of a standby
 * covers it.
 */
const restore = (ledger: Changes.Ledger) =>
  Effect.gen(function* () {
    const { continues } = yield* CurrentFence
    const store = yield* GapStore
    const instances = yield* InstanceStore
    const records = new Map((yield* instances.all).map((record) => [record.name, record]))
    for (const [instance, lost] of yield* store.lost) ledger.entries.lost(instance, lost)
    for (const instance of yield* store.imported) ledger.entries.imported(instance)
    for (const gap of yield* store.unfinished) {
      ledger.entries.keep(gap)
      if (!Gap.isOpen(gap)) continue
      yield* Changes.noteBegin(ledger, gap)
      // The gap ended when the listener was stopped, and that could not be written.
      const record = records.get(gap.instance)
      if (record !== undefined && record.desired !== "listening")
        yield* Changes.put(ledger, Gap.closed(gap, DateTime.max(gap.from, record.desiredAt)))
    }
    yield* raiseLimit(ledger, store)
    if (continues) return
    const last = yield* store.lastHeartbeat
    for (const { desired, desiredAt, name } of records.values()) {
      if (desired !== "listening") continue
      const heard = last?.at ?? instances.lastEvent(name)?.at ?? desiredAt
      const from = DateTime.max(desiredAt, DateTime.subtractDuration(heard, transit))
      const cause = last?.stopped === true ? "service_stopped" : "service_crashed"
      yield* Changes.open(ledger, name, DateTime.toEpochMillis(from), cause)
    }
  })

/** Gaps that a lower `BACKFILL_LIMIT` ended are tried again. */
const raiseLimit = (ledger: Changes.Ledger, store: GapStore["Type"]) =>
  Effect.gen(function* () {
    const gaps = (yield* store.limited(yield* AppConfig.backfillLimit)).filter(
      (gap) => !Gap.isOpen(gap)
    )
    yield* Effect.forEach(gaps, (gap) => Changes.retry(ledger, gap), { discard: true })
    if (gaps.length > 0)
      yield* Effect.logInfo(
        `BACKFILL_LIMIT was raised: ${gaps.length} gaps that it ended are tried again`
      )
  })

/** While a change of the ledger is not committed, the last heartbeat has to stand. */
const heartbeat = (outbox: Outbox.Outbox) =>
  Effect.gen(function* () {
    const store = yield* GapStore
    const ingest = yield* Ingest
    const source = yield* EventSource
    const instances = yield* InstanceStore
    let isFirst = true
    return Effect.gen(function* () {
      // A database that sleeps when it is not used (Neon's) may sleep: nothing is heard, so nothing is missed.
      // The first one says that the service before has ended.
      const all = yield* instances.all
      if (!isFirst && all.every(({ desired }) => desired !== "listening")) return
      const heard = yield* source.heard
      const committed = yield* ingest.committedUntil
      if (!outbox.isEmpty()) return
      const until = Math.min(committed, heard ?? committed)
      yield* ingest.observeStatement(store.heartbeat(DateTime.unsafeMake(until)))
      isFirst = false
    }).pipe(
      Effect.catchAll((error) => Effect.logDebug(`Cannot write the heartbeat: ${detailOf(error)}`))
    )
  })
