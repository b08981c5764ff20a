/** Changes of the ledger: a gap opens, closes, makes progress, or is forgotten with its instance. */
import { randomUUID } from "node:crypto"
import { type Clock, DateTime, Effect, Equal, Metric } from "effect"
import * as Gap from "../../Domain/Gap.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import * as Metrics from "../../Telemetry/Metrics.ts"
import type * as Entries from "./Entries.ts"
import type { Outbox } from "./Outbox.ts"

export interface Ledger {
  readonly clock: Clock.Clock
  readonly entries: ReturnType<typeof Entries.make>
  readonly outbox: Outbox
  /** The beginnings of the open gaps, in ns on the monotonic clock. */
  readonly began: Map<string, bigint>
}

export const put = ({ entries, outbox }: Ledger, gap: Gap.Gap) =>
  Effect.suspend(() => {
    entries.keep(gap)
    return outbox.put(gap)
  })

/** Notes the beginning of an open gap on the monotonic clock. */
export const noteBegin = ({ began, clock }: Ledger, { from, instance }: Gap.Open) =>
  Effect.sync(() => {
    const passed = Math.max(0, clock.unsafeCurrentTimeMillis() - DateTime.toEpochMillis(from))
    began.set(instance, clock.unsafeCurrentTimeNanos() - BigInt(Math.round(passed)) * 1_000_000n)
  })

// Registered at once, so that the first gap of each cause is seen as a rise.
for (const cause of Gap.GapCause.literals) Metrics.gapsOpened({ cause }).register()

export const open = (ledger: Ledger, instance: InstanceName, since: number, cause: Gap.GapCause) =>
  Effect.gen(function* () {
    if (ledger.entries.open(instance) !== undefined) return
    // The clock may have been set back since.
    const from = DateTime.min(DateTime.unsafeMake(since), yield* DateTime.now)
    const before = ledger.entries.before(instance, from, cause)
    const gap =
      before === undefined
        ? Gap.opened({ id: randomUUID(), instance, from, cause })
        : Gap.reopened(before)
    yield* noteBegin(ledger, gap)
    yield* put(ledger, gap)
    yield* Metric.increment(Metrics.gapsOpened({ cause }))
  })

export const close = (ledger: Ledger, instance: InstanceName) =>
  Effect.gen(function* () {
    const { began, clock, entries } = ledger
    const gap = entries.open(instance)
    if (gap === undefined) return
    const now = yield* DateTime.now
    const ticks = clock.unsafeCurrentTimeNanos()
    const millis = Number((ticks - (began.get(instance) ?? ticks)) / 1_000_000n)
    began.delete(instance)
    // The wall clock may have been set meanwhile: the gap covers the longer time of the two clocks.
    const from = DateTime.min(gap.from, DateTime.subtract(now, { millis }))
    const to = DateTime.max(now, DateTime.add(gap.from, { millis }))
    yield* put(ledger, Gap.closed({ ...gap, from }, to))
  })

/** Takes the verdict on a closed gap back: it becomes pending, and due at once. */
export const retry = (ledger: Ledger, gap: Gap.Closed) =>
  Effect.suspend(() => {
    if (ledger.entries.get(gap) === undefined && gap.recovered === false && !Gap.isImport(gap))
      ledger.entries.forgetUnrecovered(gap.instance, 1)
    return put(ledger, Gap.again(gap))
  })

export const forget = (ledger: Ledger, instance: InstanceName) =>
  Effect.gen(function* () {
    yield* close(ledger, instance)
    for (const gap of ledger.entries.pending(instance))
      yield* put(ledger, Gap.lost(gap, "deleted", "The instance was deleted"))
    ledger.entries.forget(instance)
  })

/** Notes what was fetched while the gap is open. Ignored if it has closed meanwhile. */
export const advance = (ledger: Ledger, instance: InstanceName, round: Gap.Closed) =>
  Effect.suspend(() => {
    const gap = ledger.entries.open(instance)
    return gap?.id === round.id ? put(ledger, Gap.advanced(gap, round)) : Effect.void
  })

/** Ignored if the gap was reopened or finished meanwhile: the result belongs to a shorter gap. */
export const update = (ledger: Ledger, gap: Gap.Closed) =>
  Effect.suspend(() => {
    const known = ledger.entries.get(gap)
    const isSame = known?.to != null && Equal.equals(known.to, gap.to)
    return isSame ? put(ledger, gap) : Effect.void
  })
