/**
 * What was said while we did not hear, fetched again from Evolution's database: oldest first, page by
 * page, and only what the log has not. Evolution sorts by whole seconds and no further, so pages of one
 * question may overlap; each question here is narrow enough to be answered on one.
 */
import type { SqlError } from "@effect/sql"
import { Array as Arr, Clock, DateTime, Duration, Effect, Metric, Order } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import * as FairSemaphore from "../../Concurrency/FairSemaphore.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { decode, type RawEvent } from "../../Domain/Event.ts"
import type { EvolutionError } from "../../Domain/EvolutionError.ts"
import * as Gap from "../../Domain/Gap.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { EvolutionClient, type FoundMessage } from "../../Evolution/EvolutionClient.ts"
import { EventStore } from "../../Log/EventStore.ts"
import { Ingest } from "../../Log/Ingest.ts"
import { InstanceStore } from "../../Log/InstanceStore.ts"
import * as Metrics from "../../Telemetry/Metrics.ts"
import * as Secrets from "../../Telemetry/Secrets.ts"
import * as Tracing from "../../Telemetry/Tracing.ts"
import { GapLedger } from "../GapLedger.ts"

/** What was on its way when the link came up is heard, and in the log, by then. */
const settling = Duration.seconds(5)

/** A page of messages has about a megabyte. */
const pageSize = 1000

/** Each question costs Evolution two counts over JSON: so many at once, so far apart. */
const maxQuestions = 2
const breath = Duration.millis(100)

const retryWithin = { minimum: Duration.minutes(1), maximum: Duration.hours(1) }

export const make = Effect.gen(function* () {
  const limit = yield* AppConfig.backfillLimit
  const scrub = yield* Secrets.scrub
  const client = yield* EvolutionClient
  const instances = yield* InstanceStore
  const ingest = yield* Ingest
  const ledger = yield* GapLedger
  const log = yield* EventStore
  const questions = FairSemaphore.make(maxQuestions)

  const find = (...query: Parameters<typeof client.findMessages>) =>
    questions.withPermit(Effect.zipLeft(client.findMessages(...query), Effect.sleep(breath)))

  /** All messages of a stretch of seconds: from its beginning, as far as one page goes. */
  const stretch = (
    instance: InstanceName,
    from: number,
    to: number
  ): Effect.Effect<{ records: ReadonlyArray<FoundMessage>; to: number }, EvolutionError> =>
    Effect.gen(function* () {
      const seconds = [from, to] as const
      const { messages } = yield* find(instance, { seconds, pageSize })
      if (messages.total <= pageSize) return { records: messages.records, to }
      if (from < to) {
        const share = (0.8 * pageSize) / messages.total
        return yield* stretch(instance, from, from + Math.floor(share * (to - from)))
      }
      // One second holds more than a page: then the page has to be larger.
      const all = yield* find(instance, { seconds, pageSize: messages.total })
      return { records: all.messages.records, to }
    })

  /** Whether Evolution has one of these; one alone may have been deleted there. */
  const isStored = (instance: InstanceName, ids: ReadonlyArray<string>) =>
    Effect.exists(ids, (keyId) =>
      Effect.map(find(instance, { keyId, pageSize: 1 }), ({ messages }) => messages.total > 0)
    )

  /**
   * Why what Evolution has of the gap may not be all there was; `undefined`: it is. The messages heard
   * on both sides of it tell whether Evolution was storing any.
   */
  const doubt = (gap: Gap.Closed) =>
    Effect.gen(function* () {
      const { after, before } = yield* log.messagesAround(gap.instance, gap.from, gap.to)
      for (const heard of [before, after])
        if (heard.length > 0 && !(yield* isStored(gap.instance, heard)))
          return { note: notStored, isFinal: true }
      // Without a phone there was nobody to write to.
      const isKnown = before.length > 0 || after.length > 0
      if (isKnown || instances.get(gap.instance)?.profile.phone == null) return undefined
      const { messages } = yield* find(gap.instance, { pageSize: 1 })
      return messages.total > 0 ? undefined : { note: nothingStored, isFinal: false }
    })

  /** How many of these the log has not. */
  const unheard = (events: ReadonlyArray<RawEvent>) =>
    Effect.map(
      log.unheard(Arr.getRights(events.map((event) => decode(event, "backfill", scrub)))),
      ({ length }) => length
    )

  /** Hands on as much of a page as the limit allows; says how much, and whether that was all. */
  const handOn = (
    gap: Gap.Closed,
    oldestFirst: ReadonlyArray<RawEvent>
  ): Effect.Effect<readonly [fresh: number, isAll: boolean], SqlError.SqlError> =>
    Effect.gen(function* () {
      if (oldestFirst.length === 0) return [0, true]
      const room = limit - gap.fetched
      if (room === 0) {
        return [0, (yield* unheard(oldestFirst)) === 0]
      }
      const fresh = yield* ingest.backfill(oldestFirst.slice(0, room))
      const sofar = { ...gap, fetched: gap.fetched + fresh }
      const [more, isAll] = yield* handOn(sofar, oldestFirst.slice(room))
      return [fresh + more, isAll]
    })

  /** Fetches a stretch of time, or as much of its beginning as one question can be about. */
  const page = (gap: Gap.Closed, from: number, to: number) =>
    Effect.gen(function* () {
      const found = yield* stretch(gap.instance, from, to)
      const receivedAt = yield* Clock.currentTimeMillis
      // Evolution writes down first and emits then: what is younger may still be heard.
      const settled = receivedAt - Duration.toMillis(settling)
      const horizon = Math.floor(Math.max(settled / 1000, seconds(gap.to)))
      const [old, young] = Arr.partition(found.records, (one) => one.messageTimestamp > horizon)
      const toEvents = (records: ReadonlyArray<FoundMessage>) =>
        Arr.sort(once(records), byTime).map(toEvent(gap.instance, receivedAt))
      const [fresh, isAll] = yield* handOn(gap, toEvents(old))
      const isEarly = (yield* unheard(toEvents(young))) > 0
      yield* Metric.increment(Metrics.backfillPages)
      yield* Metric.incrementBy(Metrics.backfillFetched, fresh)
      yield* Effect.annotateCurrentSpan("backfill.fetched", fresh)
      return { found, fresh, isAll, isEarly, horizon }
    }).pipe(Tracing.span("backfill.page", { attributes: { instance: gap.instance } }))

  /** Fetches from where it was left, and writes down how far it came. */
  const fetch = (gap: Gap.Recoverable) =>
    Effect.gen(function* () {
      const end = Math.ceil(seconds(DateTime.addDuration(gap.to, Gap.leeway)))
      const begin = gap.fetchedUntil ?? DateTime.subtractDuration(gap.from, Gap.leeway)
      let now: Gap.Recoverable = gap
      let [from, reach] = [Math.floor(seconds(begin)), end]
      while (from <= end) {
        const until = Math.min(reach, end)
        const { found, fresh, horizon, isAll, isEarly } = yield* page(now, from, until)
        // Where a page had room, the next stretch may be twice as long.
        reach = found.to + 1 + 2 * (found.to - from + 1)
        from = isEarly ? horizon + 1 : found.to + 1
        if (!isAll)
          return Gap.unrecovered({ ...now, fetched: now.fetched + fresh }, limitReached(limit))
        now = Gap.progressed(now, fresh, DateTime.unsafeMake(from * 1000))
        yield* ledger.update(now)
        if (isEarly) yield* Effect.sleep(settling)
      }
      return Gap.recovered(now)
    })

  const recover = (gap: Gap.Recoverable) =>
    Effect.gen(function* () {
      if (limit === 0) return Gap.unrecovered(gap, "BACKFILL_LIMIT is 0")
      const fetched = yield* fetch(gap)
      const doubted = fetched.recovered === true ? yield* doubt(gap) : undefined
      if (doubted === undefined) return fetched
      // The next try is from the beginning: what comes to be stored may be of any time.
      const again = { ...fetched, fetchedUntil: null }
      return doubted.isFinal
        ? Gap.unrecovered(fetched, doubted.note)
        : Gap.unrecovered(again, doubted.note, yield* nextTry(gap.to))
    }).pipe(
      Effect.catchAll(
        (error): Effect.Effect<Gap.Closed> =>
          error._tag === "InstanceNotFound"
            ? Effect.succeed(Gap.unrecovered(latest(gap), error.message))
            : Effect.map(nextTry(gap.to), (retryAt) =>
                Gap.unrecovered(
                  latest(gap),
                  scrub.words(`Cannot fetch messages: ${wordsOf(error)}`),
                  retryAt
                )
              )
      ),
      Tracing.span("backfill.gap", { root: true, attributes: { instance: gap.instance } })
    )

  /** As far as it came before it failed. */
  const latest = (gap: Gap.Recoverable) =>
    ledger.pending(gap.instance).find(({ id }) => id === gap.id) ?? gap

  const next = (instance: InstanceName): Effect.Effect<void> =>
    Effect.suspend(() => {
      const [gap] = [...ledger.pending(instance)].sort(byDue)
      if (gap === undefined) return Effect.void
      return Effect.gen(function* () {
        const wait = DateTime.distance(yield* DateTime.now, dueOf(gap))
        // A clock that was set back lets a gap end in the future.
        const most = Duration.toMillis(gap.retryAt === null ? settling : retryWithin.maximum)
        const isDue = yield* Effect.raceFirst(
          Effect.as(Effect.sleep(Math.min(Math.max(0, wait), most)), true),
          // One that closes meanwhile may be due before.
          Effect.as(ledger.awaitClosing(instance), false)
        )
        if (isDue) yield* ledger.update(yield* recover(gap))
        yield* next(instance)
      })
    })
  return next
})

const notStored =
  "Evolution did not store messages heard just before or after (DATABASE_SAVE_DATA_NEW_MESSAGE)"
const nothingStored =
  "Evolution has no message of this instance at all, and none was heard that it should have"
const limitReached = (limit: number) =>
  `There are more than ${limit} messages (BACKFILL_LIMIT); the rest stays at Evolution`

const seconds = (time: DateTime.Utc): number => DateTime.toEpochMillis(time) / 1000

/** A gap is due when what was on its way has arrived, or when it is to be tried again. */
const dueOf = ({ retryAt, to }: Gap.Recoverable): DateTime.Utc =>
  retryAt ?? DateTime.addDuration(to, settling)
const byDue = (left: Gap.Recoverable, right: Gap.Recoverable) =>
  DateTime.Order(dueOf(left), dueOf(right))

/** The next try comes after as much time again. */
const nextTry = (to: DateTime.Utc) =>
  Effect.map(DateTime.now, (now) => {
    const passed = DateTime.distanceDuration(to, now)
    return DateTime.addDuration(now, Duration.clamp(passed, retryWithin))
  })

/** Within a second, by the rows' ids, which grow with time (cuid). */
const byTime = Order.combine(
  Order.mapInput(Order.number, ({ messageTimestamp }: FoundMessage) => messageTimestamp),
  Order.mapInput(Order.string, ({ id }: FoundMessage) => id)
)

/** Evolution may have a message twice (2.3.7 does not look). */
const once = (records: ReadonlyArray<FoundMessage>): Iterable<FoundMessage> =>
  new Map(records.map((record) => [`${record.key.remoteJid} ${record.key.id}`, record])).values()

const toEvent =
  (instance: InstanceName, receivedAt: number) =>
  (data: FoundMessage): RawEvent => ({
    name: "messages.upsert",
    payload: { event: "messages.upsert", instance, data },
    receivedAt
  })

const wordsOf = (error: EvolutionError | SqlError.SqlError): string =>
  error._tag === "SqlError" ? detailOf(error) : error.message
