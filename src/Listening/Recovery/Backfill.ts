/** Back-fill: fetches the messages of closed gaps from Evolution's database, oldest first, and adds those that the log lacks. */
import type { SqlError } from "@effect/sql"
import { DateTime, Duration, Effect } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import type { EvolutionError } from "../../Domain/EvolutionError.ts"
import * as Gap from "../../Domain/Gap.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { isUnlisted } from "../../Evolution/Absence.ts"
import { EvolutionClient } from "../../Evolution/EvolutionClient.ts"
import { EventStore } from "../../Log/EventStore.ts"
import { Ingest } from "../../Log/Ingest.ts"
import { InstanceStore } from "../../Log/InstanceStore.ts"
import * as Secrets from "../../Telemetry/Secrets.ts"
import * as Tracing from "../../Telemetry/Tracing.ts"
import { Clocks } from "../Clocks.ts"
import { GapLedger } from "../GapLedger.ts"
import { judge } from "./Doubt.ts"
import { fetch, grace, type Tools } from "./Fetch.ts"
import * as Messages from "./Messages.ts"
import * as Retries from "./Retries.ts"

const retryWithin = { minimum: Duration.minutes(1), maximum: Duration.hours(1) }

export interface Backfill {
  /**
   * Back-fills the closed gaps of an instance as they become due, and writes each verdict into the ledger.
   * Ends when there is none left; progress survives its interruption.
   */
  readonly run: (instance: InstanceName) => Effect.Effect<void>
  /** Tries the gaps again that ended because Evolution did not have the instance. */
  readonly revive: (instance: InstanceName) => Effect.Effect<void>
  /**
   * Fetches messages of an open gap in which the link holds and events do not come. Succeeds with `false`
   * if Evolution or the database did not answer.
   */
  readonly round: (instance: InstanceName) => Effect.Effect<boolean>
  /** Tells a run that a gap of the instance has closed; `false`: none runs. */
  readonly wake: (instance: InstanceName) => boolean
}

export const make = Effect.gen(function* () {
  const tools: Tools = {
    limit: yield* AppConfig.backfillLimit,
    client: yield* EvolutionClient,
    clocks: yield* Clocks,
    scrub: yield* Secrets.scrub,
    messages: yield* Messages.make,
    instances: yield* InstanceStore,
    ingest: yield* Ingest,
    ledger: yield* GapLedger,
    log: yield* EventStore
  }
  const retries = yield* Retries.make
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
      if (!isDue) return
      const closed = yield* recover(tools, retries, gap)
      yield* tools.ledger.update(closed)
      yield* Effect.annotateLogs(tell(closed), "instance", gap.instance)
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
    revive: (instance) => retries.revive(instance, "not_found"),
    round: (instance) => round(tools, instance),
    wake: (instance) => {
      const woken = runs.get(instance)
      woken?.unsafeOpen()
      return woken !== undefined
    }
  }
  return backfill
})

const recover = (
  tools: Tools,
  retries: Retries.Retries,
  gap: Gap.Recoverable
): Effect.Effect<Gap.Closed> =>
  Effect.gen(function* () {
    const limited = toolsFor(tools, gap)
    if (limited.limit === 0) return Gap.lost(gap, "limit", "BACKFILL_LIMIT is 0")
    const fetched = yield* fetch(limited, gap)
    if (fetched.recovered !== true || Gap.isImport(gap)) return fetched
    const judged = yield* judge(tools, fetched)
    switch (judged.is) {
      case "lost":
        return Gap.lost(fetched, retries.reason(gap, judged.reason), judged.note)
      case "doubted":
        // The next try is from the beginning: Evolution may yet store messages of any time.
        return Gap.retrying({ ...fetched, fetchedUntil: null }, judged.note, yield* nextTry(gap))
      case "proven":
        yield* retries.revive(gap.instance, "not_stored")
        return fetched
      case "unknown":
        return fetched
    }
  }).pipe(
    Effect.catchAll((error): Effect.Effect<Gap.Closed> => {
      const latest = tools.ledger.pending(gap.instance).find(({ id }) => id === gap.id) ?? gap
      const note = tools.scrub.words(`Cannot fetch messages: ${messageOf(error)}`)
      const later: Effect.Effect<Gap.Closed> = Effect.map(nextTry(gap), (retryAt) =>
        Gap.retrying(latest, note, retryAt)
      )
      if (error._tag === "NameImpossible")
        return Effect.succeed(Gap.lost(latest, "name_impossible", error.message))
      if (error._tag !== "InstanceNotFound") return later
      // In the first minutes after its start, Evolution knows only the instances that are loaded.
      return Effect.flatMap(
        Effect.orElseSucceed(isUnlisted(tools.client, gap.instance), () => false),
        (isGone): Effect.Effect<Gap.Closed> =>
          isGone ? Effect.succeed(Gap.lost(latest, "not_found", error.message)) : later
      )
    }),
    Tracing.span("backfill.gap", { root: true, attributes: { instance: gap.instance } })
  )

/** One line for each verdict that is final. */
const tell = (gap: Gap.Closed) => {
  const [from, to] = [gap.from, gap.to].map(DateTime.formatIso)
  const what = Gap.isImport(gap) ? "import" : "gap"
  if (gap.recovered === true)
    return Effect.logInfo(
      `The ${what} from ${from} to ${to} is ${Gap.isImport(gap) ? "done" : "recovered"}: ${gap.fetched} messages fetched`
    )
  return gap.recovered === false && gap.retryAt === null
    ? Effect.logWarning(`Messages of the ${what} from ${from} to ${to} are missing: ${gap.note}`)
    : Effect.void
}

/** Messages that were fetched while the gap was open had a limit of their own. */
const toolsFor = (tools: Tools, gap: Gap.Gap): Tools =>
  Gap.isDeaf(gap)
    ? { ...tools, limit: tools.limit + gap.fetched }
    : { ...tools, limit: gap.limit ?? tools.limit }

/** A younger message may be in flight, and is left for the next round, so that no round waits for it. */
const settled = Duration.sum(Duration.sum(Gap.leeway, grace), Duration.seconds(1))

const round = (tools: Tools, instance: InstanceName): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const { open } = tools.ledger.summary(instance)
    const to = DateTime.subtractDuration(yield* DateTime.now, settled)
    if (open === null || !Gap.isOpen(open) || !Gap.isDeaf(open) || tools.limit === 0) return true
    if (DateTime.lessThan(DateTime.addDuration(to, Gap.leeway), open.from)) return true
    const fetched = yield* fetch(tools, { ...open, to: DateTime.max(to, open.from), fetched: 0 })
    if (fetched.fetched > 0) yield* tools.ledger.advance(instance, fetched)
    return true
  }).pipe(
    Effect.catchAll((error) =>
      Effect.as(Effect.logDebug(`Cannot fetch messages: ${messageOf(error)}`), false)
    ),
    Effect.annotateLogs("instance", instance)
  )

const dueOf = ({ retryAt, to }: Gap.Recoverable): DateTime.Utc =>
  retryAt ?? DateTime.addDuration(to, grace)
/** A gap comes before an import. */
const byDue = (left: Gap.Recoverable, right: Gap.Recoverable) =>
  Number(Gap.isImport(left)) - Number(Gap.isImport(right)) ||
  DateTime.Order(dueOf(left), dueOf(right))

/** The pause before the next try is as long as the time since the gap closed, within bounds. */
const nextTry = ({ to }: Gap.Closed) =>
  Effect.map(DateTime.now, (now) =>
    DateTime.addDuration(now, Duration.clamp(DateTime.distanceDuration(to, now), retryWithin))
  )

const messageOf = (error: EvolutionError | SqlError.SqlError): string =>
  error._tag === "SqlError" ? detailOf(error) : error.message
