/**
 * How far the feeds of a server have come, in the database. What is to be saved while a statement is under way goes
 * into the next one: so each confirmation is saved before the next event of its lane is sent, and a thousand a second
 * take a few hundred statements.
 */
import { SqlClient, SqlError } from "@effect/sql"
import { Cause, Context, Deferred, Effect, FiberId, Layer, type Scope } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { Server } from "../Domain/Server.ts"
import { CurrentFence } from "../Domain/Tenure.ts"
import { classify, isPassing, untilBack } from "../Storage/Failure.ts"

/** Names a feed: the way of an endpoint, or of one of its replays, through the log. */
export interface FeedKey {
  /** The endpoint's id, or the replay's. */
  readonly feed: string
  readonly endpoint: string
  readonly generation: number
}

export interface LaneRow {
  readonly lane: string
  /** Its last event that was dealt with; or where the feed began. */
  readonly cursor: number
  /** Its last event that was dealt with; `null`: none was. */
  readonly previous: number | null
  /** It is behind the feed's cursor. */
  readonly held: boolean
  /** Attempts of the event after the cursor; 0: none failed. */
  readonly attempts: number
  /** The event that failed. */
  readonly head: number | null
  /** ms since 1970 UTC. */
  readonly retryAt: number | null
  readonly failingSince: number | null
  readonly reason: string | null
}

export interface CursorRow {
  /** Everything up to it is dealt with, but for what held lanes have before them. */
  readonly cursor: number
  readonly behind: number
  /** ms since 1970 UTC. */
  readonly oldestAt: number | null
  /** More may be behind: not all of the log was counted. */
  readonly isAtLeast: boolean
  /** Events delivered since the last such row. */
  readonly delivered: number
}

export interface AttemptRow {
  readonly instance: string
  readonly eventId: number | null
  readonly event: string
  readonly attempt: number
  /** ms since 1970 UTC. */
  readonly at: number
  readonly tookMs: number
  readonly outcome: string
  readonly status: number | null
  readonly message: string | null
  readonly excerpt: string | null
  readonly address: string | null
}

export interface AsideRow {
  readonly instance: string
  readonly eventId: number
  readonly event: string
  readonly attempts: number
  readonly reason: string
  /** ms since 1970 UTC. */
  readonly at: number
  /** `null`: it is tried again by hand alone. */
  readonly retryAt: number | null
}

export interface Change {
  readonly lane?: LaneRow | undefined
  /** Lanes that are behind from now on, or no more; they are saved with the cursor that passes their events. */
  readonly lanes?: ReadonlyArray<LaneRow>
  readonly cursor?: CursorRow
  readonly attempt?: AttemptRow | undefined
  readonly aside?: AsideRow
  /** An event that was put aside, and is delivered now. */
  readonly settled?: number
}

export interface Loaded {
  /** `undefined`: the feed has not begun here. */
  readonly cursor: number | undefined
  readonly lanes: ReadonlyArray<LaneRow>
}

export class Positions extends Context.Tag("evolution-listener/Positions")<
  Positions,
  {
    readonly load: (key: FeedKey) => Effect.Effect<Loaded, SqlError.SqlError>
    /** Ends when the change is committed. It never is after another process took the server over. */
    readonly save: (key: FeedKey, change: Change) => Effect.Effect<void>
    /** Runs an effect every second until the scope closes: one timer for all feeds. */
    readonly everySecond: (
      effect: Effect.Effect<unknown>
    ) => Effect.Effect<void, never, Scope.Scope>
  }
>() {
  static readonly layer = Layer.scoped(
    Positions,
    Effect.suspend(() => make)
  )
}

/** What goes into one statement. Of several rows of one lane, of one feed or of one event the last one counts. */
const makeGroup = () => ({
  lanes: new Map<string, object>(),
  cursors: new Map<string, Pick<CursorRow, "delivered"> & Readonly<Record<string, unknown>>>(),
  attempts: [] as Array<object>,
  aside: new Map<string, object>(),
  settled: [] as Array<object>,
  saved: Deferred.unsafeMake<void>(FiberId.none)
})
type Group = ReturnType<typeof makeGroup>

const timeOf = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString()

/** Rows as one JSON text; `null`: there are none. */
const textOf = (rows: Iterable<object>): string | null => {
  const all = [...rows]
  return all.length === 0 ? null : JSON.stringify(all)
}

const putLane = (
  { lanes }: Group,
  key: FeedKey,
  { failingSince, retryAt, ...row }: LaneRow
): void => {
  lanes.set(`${key.feed} ${row.lane}`, {
    ...key,
    ...row,
    retry_at: timeOf(retryAt),
    failing_since: timeOf(failingSince)
  })
}

const put = (group: Group, key: FeedKey, change: Change): void => {
  const { aside, attempt, cursor, lane, lanes = [], settled } = change
  const { endpoint, feed } = key
  for (const row of lanes) putLane(group, key, row)
  if (lane !== undefined) putLane(group, key, lane)
  if (cursor !== undefined) {
    const { isAtLeast, oldestAt, ...row } = cursor
    const delivered = row.delivered + (group.cursors.get(feed)?.delivered ?? 0)
    group.cursors.set(feed, {
      ...key,
      ...row,
      delivered,
      oldest_at: timeOf(oldestAt),
      is_at_least: isAtLeast
    })
  }
  if (attempt !== undefined) {
    const { at, eventId, tookMs, ...row } = attempt
    const renamed = { at: timeOf(at), event_id: eventId, took_ms: tookMs }
    group.attempts.push({ endpoint, feed, ...row, ...renamed })
  }
  if (aside !== undefined) {
    const { at, eventId, retryAt, ...row } = aside
    const renamed = { at: timeOf(at), event_id: eventId, retry_at: timeOf(retryAt) }
    group.aside.set(`${feed} ${eventId}`, { endpoint, feed, ...row, ...renamed })
  }
  if (settled !== undefined) group.settled.push({ feed, event_id: settled })
}

interface LaneFound {
  readonly lane: string
  readonly cursor: number
  readonly previous: number | null
  readonly held: boolean
  readonly attempts: number
  readonly head: number | null
  readonly retry_at: Date | null
  readonly failing_since: Date | null
  readonly reason: string | null
}

const laneOf = ({ failing_since, retry_at, ...row }: LaneFound): LaneRow => ({
  ...row,
  retryAt: retry_at?.getTime() ?? null,
  failingSince: failing_since?.getTime() ?? null
})

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const server = yield* Server
  const { epoch, fall } = yield* CurrentFence
  const due = yield* Effect.makeLatch(false)
  let next = makeGroup()

  const write = ({ aside, attempts, cursors, lanes, settled }: Group) => sql`
    call save_deliveries(${server}, ${epoch}, ${textOf(lanes.values())}::jsonb,
      ${textOf(cursors.values())}::jsonb, ${textOf(attempts)}::jsonb, ${textOf(aside.values())}::jsonb,
      ${textOf(settled)}::jsonb)`

  const saveNext = Effect.suspend(() => {
    const group = next
    next = makeGroup()
    return write(group).pipe(
      Effect.tapError((error) =>
        Effect.logDebug(`Cannot save how far deliveries have come: ${detailOf(error)}`)
      ),
      Effect.retry({
        schedule: untilBack("100 millis"),
        while: isPassing
      }),
      Effect.matchCauseEffect({
        onFailure: (cause) => {
          const error = Cause.squash(cause)
          return error instanceof SqlError.SqlError && classify(error) === "taken"
            ? Effect.zipRight(fall, Effect.never)
            : Deferred.failCause(group.saved, Cause.die(error))
        },
        onSuccess: () => Deferred.succeed(group.saved, undefined)
      })
    )
  })
  yield* loop(
    "saver of deliveries",
    Effect.forever(Effect.all([due.await, due.close, saveNext], { discard: true }))
  )

  const ticked = new Set<Effect.Effect<unknown>>()
  const tick = Effect.suspend(() =>
    Effect.forEach(ticked, (effect) => effect, { concurrency: "unbounded", discard: true })
  )
  yield* loop("ticker of deliveries", Effect.forever(Effect.delay(tick, "1 second")))

  return Positions.of({
    everySecond: (effect) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => ticked.add(effect)),
          () => Effect.sync(() => ticked.delete(effect))
        )
      ),
    load: ({ feed, generation }) =>
      Effect.gen(function* () {
        const ofFeed = sql`feed = ${feed} and server = ${server} and generation = ${generation}`
        const [begun] = yield* sql<{ cursor: string }>`
          select cursor from endpoint_cursors where ${ofFeed}`
        const lanes = yield* sql<LaneFound>`
          select lane, cursor::float8 as cursor, previous::float8 as previous, held, attempts,
            head::float8 as head, retry_at, failing_since, reason
          from endpoint_lanes where ${ofFeed}`
        return { cursor: begun && Number(begun.cursor), lanes: lanes.map(laneOf) }
      }),
    save: (key, change) =>
      Effect.suspend(() => {
        put(next, key, change)
        due.unsafeOpen()
        return Deferred.await(next.saved)
      })
  })
})
