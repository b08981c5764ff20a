/** Fetches the messages of one gap, page by page, oldest first. */
import type { SqlError } from "@effect/sql"
import { Array as Arr, Clock, DateTime, Duration, Effect, Metric } from "effect"
import * as ClockOffset from "../../Domain/ClockOffset.ts"
import { decode, type RawEvent } from "../../Domain/Event.ts"
import * as Gap from "../../Domain/Gap.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import type { Scrub } from "../../Domain/Scrub.ts"
import type { EvolutionClient, FoundMessage } from "../../Evolution/EvolutionClient.ts"
import type { EventStore } from "../../Log/EventStore.ts"
import type { Ingest } from "../../Log/Ingest.ts"
import type { InstanceStore } from "../../Log/InstanceStore.ts"
import * as Metrics from "../../Telemetry/Metrics.ts"
import * as Tracing from "../../Telemetry/Tracing.ts"
import type { Clocks } from "../Clocks.ts"
import type { GapLedger } from "../GapLedger.ts"
import { type Ahead, aheadOf } from "./Ahead.ts"
import * as Chats from "./Chats.ts"
import * as Messages from "./Messages.ts"

export interface Tools {
  /** The most messages that back-fill adds to the log for one gap. */
  readonly limit: number
  readonly client: EvolutionClient["Type"]
  readonly clocks: Clocks["Type"]
  readonly scrub: Scrub
  readonly messages: Messages.Messages
  readonly instances: InstanceStore["Type"]
  readonly ingest: Ingest["Type"]
  readonly ledger: GapLedger["Type"]
  readonly log: EventStore["Type"]
}

/** Grace after the link comes up: events in flight are committed by then. */
export const grace = Duration.seconds(5)

/** Each page begins this much before the end of the one before it, in s: rows may be stored late. */
const overlap = 5

/** Fetches from where back-fill left off, and writes progress into the ledger page by page. */
export const fetch = (tools: Tools, gap: Gap.Recoverable) =>
  Effect.gen(function* () {
    const ahead = yield* aheadOf(tools, gap)
    let now = Gap.isImport(gap) ? gap : Gap.offset(gap, ahead.known)
    const { begin, end, first } = stretchOf(now, ahead)
    let [from, reach] = [begin, end]
    while (from <= end) {
      const { fresh, horizon, isAll, isEarly, to } = yield* page(tools, now, {
        first,
        from,
        until: Math.min(reach, end)
      })
      // After a page with room, the next stretch may be twice as long.
      reach = to + 1 + 2 * (to - from + 1)
      from = isEarly ? horizon + 1 : to + 1
      if (!isAll)
        return Gap.lost(
          { ...now, fetched: now.fetched + fresh },
          "limit",
          limitReached(tools.limit)
        )
      now = Gap.progressed(now, fresh, DateTime.unsafeMake(from * 1000))
      yield* tools.ledger.update(now)
      if (Gap.isImport(now) && hasGap(tools, now)) return now
      if (isEarly) yield* Effect.sleep(grace)
    }
    return Gap.recovered(now)
  })

/** A gap that has closed meanwhile is not kept waiting by an import, which goes on after it. */
const hasGap = ({ ledger }: Tools, { instance }: Gap.Closed) =>
  ledger.pending(instance).some((gap) => !Gap.isImport(gap) && gap.retryAt === null)

/** The seconds to fetch, by the clock that stamps messages; nothing before `first` belongs to the gap. */
const stretchOf = (gap: Gap.Recoverable, { mayAgree }: Ahead) => {
  // An import is bounded by the messages' own times.
  const leeway = Gap.isImport(gap) ? 0 : Duration.toMillis(Gap.leeway)
  const agreed = { least: 0, most: 0 }
  const { least, most } = ClockOffset.hull(gap.clockOffset, mayAgree ? agreed : null) ?? agreed
  const first = Math.floor(seconds(DateTime.subtract(gap.from, { millis: leeway + most })))
  const end = Math.ceil(seconds(DateTime.add(gap.to, { millis: leeway - least })))
  const begin = gap.fetchedUntil === null ? first : Math.floor(seconds(gap.fetchedUntil))
  return { first, begin, end }
}

/** Fetches a stretch of time, or as much of its beginning as one page holds. */
const page = (
  tools: Tools,
  gap: Gap.Closed,
  { first, from, until }: { readonly first: number; readonly from: number; readonly until: number }
) =>
  Effect.gen(function* () {
    const overlapping = yield* tools.messages.page(
      gap.instance,
      Math.max(first, from - overlap),
      until
    )
    // So many messages are in the overlap that the page ends within it.
    const { records: stored, to } =
      overlapping.to < from ? yield* tools.messages.page(gap.instance, from, until) : overlapping
    const records = yield* inTheirChats(tools, gap.instance, stored)
    const receivedAt = yield* Clock.currentTimeMillis
    // Evolution stores a message first and emits it then: the event of a younger one may be in flight.
    const arrived = Math.max(receivedAt - Duration.toMillis(grace), DateTime.toEpochMillis(gap.to))
    const { ofMost } = yield* aheadOf(tools, gap)
    const horizon = Math.floor((arrived - ofMost) / 1000)
    const [old, young] = Arr.partition(records, (one) => one.messageTimestamp > horizon)
    const toEvents = (part: typeof records) => Messages.toEvents(gap.instance, receivedAt, part)
    const [fresh, isAll] = yield* handOn(tools, gap, toEvents(old))
    const isEarly = (yield* countMissing(tools, toEvents(young))) > 0
    yield* Metric.increment(Metrics.backfillPages)
    yield* Metric.incrementBy(Metrics.backfillFetched, fresh)
    yield* Effect.annotateCurrentSpan("backfill.fetched", fresh)
    return { to, fresh, isAll, isEarly, horizon }
  }).pipe(Tracing.span("backfill.page", { attributes: { instance: gap.instance } }))

/** Puts messages with a hidden address into the chat of their phone. */
const inTheirChats = (
  { log }: Tools,
  instance: InstanceName,
  records: ReadonlyArray<FoundMessage>
) =>
  Effect.gen(function* () {
    const told = Chats.phonesIn(records)
    const unknown = records.filter(
      ({ key: { remoteJid } }) => Chats.isHidden(remoteJid) && !told.has(remoteJid)
    )
    const known =
      unknown.length === 0
        ? []
        : yield* log.phonesOf(
            instance,
            unknown.map(({ key: { id, remoteJid } }) => ({ id, lid: remoteJid }))
          )
    const phones = new Map([...known, ...told])
    return records.map((record) => Chats.addressed(record, phones))
  })

/** Adds as many messages as the limit allows: succeeds with their number, and with `true` if none is left. */
const handOn = (
  tools: Tools,
  gap: Gap.Closed,
  oldestFirst: ReadonlyArray<RawEvent>
): Effect.Effect<readonly [fresh: number, isAll: boolean], SqlError.SqlError> =>
  Effect.gen(function* () {
    if (oldestFirst.length === 0) return [0, true]
    const room = tools.limit - gap.fetched
    if (room <= 0) return [0, (yield* countMissing(tools, oldestFirst)) === 0]
    const fresh = yield* tools.ingest.backfill(
      oldestFirst.slice(0, room),
      Gap.isImport(gap) ? "import" : "backfill"
    )
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

const limitReached = (limit: number) =>
  `There are more than ${limit} messages (BACKFILL_LIMIT); the rest stays at Evolution`

const seconds = (time: DateTime.Utc): number => DateTime.toEpochMillis(time) / 1000
