/** Back-fill: fetches the messages of closed gaps from Evolution's database, oldest first, and adds those that the log lacks. */
import type { SqlError } from "@effect/sql"
import { Array as Arr, Clock, DateTime, Duration, Effect, Metric } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { decode, type RawEvent } from "../../Domain/Event.ts"
import type { EvolutionError } from "../../Domain/EvolutionError.ts"
import * as Gap from "../../Domain/Gap.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import type { Scrub } from "../../Domain/Scrub.ts"
import { EventStore } from "../../Log/EventStore.ts"
import { Ingest } from "../../Log/Ingest.ts"
import { InstanceStore } from "../../Log/InstanceStore.ts"
import * as Metrics from "../../Telemetry/Metrics.ts"
import * as Secrets from "../../Telemetry/Secrets.ts"
import * as Tracing from "../../Telemetry/Tracing.ts"
import { GapLedger } from "../GapLedger.ts"
import * as Messages from "./Messages.ts"

/** Grace after the link comes up: events in flight are committed by then. */
const grace = Duration.seconds(5)

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

interface Tools {
  /** The most messages that back-fill adds to the log for one gap. */
  readonly limit: number
  readonly scrub: Scrub
  readonly messages: Messages.Messages
  readonly instances: InstanceStore["Type"]
  readonly ingest: Ingest["Type"]
  readonly ledger: GapLedger["Type"]
  readonly log: EventStore["Type"]
}

export const make = Effect.gen(function* () {
  const tools: Tools = {
    limit: yield* AppConfig.backfillLimit,
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
    if (tools.limit === 0) return Gap.unrecovered(gap, "BACKFILL_LIMIT is 0")
    const fetched = yield* fetch(tools, gap)
    const doubted = fetched.recovered === true ? yield* doubt(tools, gap) : undefined
    if (doubted === undefined) return fetched
    // The next try is from the beginning: Evolution may yet store messages of any time.
    const again = { ...fetched, fetchedUntil: null }
    return doubted.isFinal
      ? Gap.unrecovered(fetched, doubted.note)
      : Gap.unrecovered(again, doubted.note, yield* nextTry(gap))
  }).pipe(
    Effect.catchAll((error): Effect.Effect<Gap.Closed> => {
      const latest = tools.ledger.pending(gap.instance).find(({ id }) => id === gap.id) ?? gap
      const note = tools.scrub.words(`Cannot fetch messages: ${messageOf(error)}`)
      return error._tag === "InstanceNotFound"
        ? Effect.succeed(Gap.unrecovered(latest, error.message))
        : Effect.map(nextTry(gap), (retryAt) => Gap.unrecovered(latest, note, retryAt))
    }),
    Tracing.span("backfill.gap", { root: true, attributes: { instance: gap.instance } })
  )

/** Fetches from where back-fill left off, and writes progress into the ledger page by page. */
const fetch = (tools: Tools, gap: Gap.Recoverable) =>
  Effect.gen(function* () {
    const end = Math.ceil(seconds(DateTime.addDuration(gap.to, Gap.leeway)))
    const begin = gap.fetchedUntil ?? DateTime.subtractDuration(gap.from, Gap.leeway)
    let now = gap
    let [from, reach] = [Math.floor(seconds(begin)), end]
    while (from <= end) {
      const { fresh, horizon, isAll, isEarly, to } = yield* page(
        tools,
        now,
        from,
        Math.min(reach, end)
      )
      // After a page with room, the next stretch may be twice as long.
      reach = to + 1 + 2 * (to - from + 1)
      from = isEarly ? horizon + 1 : to + 1
      if (!isAll)
        return Gap.unrecovered({ ...now, fetched: now.fetched + fresh }, limitReached(tools.limit))
      now = Gap.progressed(now, fresh, DateTime.unsafeMake(from * 1000))
      yield* tools.ledger.update(now)
      if (isEarly) yield* Effect.sleep(grace)
    }
    return Gap.recovered(now)
  })

/** Fetches a stretch of time, or as much of its beginning as one page holds. */
const page = (tools: Tools, gap: Gap.Closed, from: number, until: number) =>
  Effect.gen(function* () {
    const { records, to } = yield* tools.messages.page(gap.instance, from, until)
    const receivedAt = yield* Clock.currentTimeMillis
    // Evolution stores a message first and emits it then: the event of a younger one may be in flight.
    const arrived = receivedAt - Duration.toMillis(grace)
    const horizon = Math.floor(Math.max(arrived / 1000, seconds(gap.to)))
    const [old, young] = Arr.partition(records, (one) => one.messageTimestamp > horizon)
    const toEvents = (part: typeof records) => Messages.toEvents(gap.instance, receivedAt, part)
    const [fresh, isAll] = yield* handOn(tools, gap, toEvents(old))
    const isEarly = (yield* countMissing(tools, toEvents(young))) > 0
    yield* Metric.increment(Metrics.backfillPages)
    yield* Metric.incrementBy(Metrics.backfillFetched, fresh)
    yield* Effect.annotateCurrentSpan("backfill.fetched", fresh)
    return { to, fresh, isAll, isEarly, horizon }
  }).pipe(Tracing.span("backfill.page", { attributes: { instance: gap.instance } }))

/** Adds as many messages as the limit allows: succeeds with their number, and with `true` if none is left. */
const handOn = (
  tools: Tools,
  gap: Gap.Closed,
  oldestFirst: ReadonlyArray<RawEvent>
): Effect.Effect<readonly [fresh: number, isAll: boolean], SqlError.SqlError> =>
  Effect.gen(function* () {
    if (oldestFirst.length === 0) return [0, true]
    const room = tools.limit - gap.fetched
    if (room === 0) return [0, (yield* countMissing(tools, oldestFirst)) === 0]
    const fresh = yield* tools.ingest.backfill(oldestFirst.slice(0, room))
    const sofar = { ...gap, fetched: gap.fetched + fresh }
    const [more, isAll] = yield* handOn(tools, sofar, oldestFirst.slice(room))
    return [fresh + more, isAll]
  })

/** The number of these messages that the log lacks. */
const countMissing = ({ log, scrub }: Tools, events: ReadonlyArray<RawEvent>) =>
  Effect.map(
    log.unheard(Arr.getRights(events.map((event) => decode(event, "backfill", scrub)))),
    ({ length }) => length
  )

/**
 * A reason why Evolution may not have stored every message of the gap; `undefined`: there is none. Messages
 * heard on both sides of the gap show whether Evolution was storing any.
 */
const doubt = ({ instances, log, messages }: Tools, { from, instance, to }: Gap.Closed) =>
  Effect.gen(function* () {
    const { after, before } = yield* log.messagesAround(instance, from, to)
    for (const heard of [before, after])
      if (heard.length > 0 && !(yield* messages.hasSome(instance, heard)))
        return { note: notStored, isFinal: true }
    // An instance without a phone receives no messages.
    const isKnown = before.length > 0 || after.length > 0
    if (isKnown || instances.get(instance)?.profile.phone == null) return undefined
    return (yield* messages.hasAny(instance)) ? undefined : { note: nothingStored, isFinal: false }
  })

const notStored =
  "Evolution did not store messages heard just before or after (DATABASE_SAVE_DATA_NEW_MESSAGE)"
const nothingStored =
  "Evolution has no message of this instance at all, and none was heard that it should have"
const limitReached = (limit: number) =>
  `There are more than ${limit} messages (BACKFILL_LIMIT); the rest stays at Evolution`

const seconds = (time: DateTime.Utc): number => DateTime.toEpochMillis(time) / 1000

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
