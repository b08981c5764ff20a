/**
 * The way of an endpoint through the log of a server: one reader, and a lane for each instance. A lane that
 * fails, or that is slower than its events come, is held: the feed passes it, and it reads its events from the log. So
 * a lane holds up itself alone, and memory is bounded however far it is behind.
 */
import { Duration, Effect } from "effect"
import { wallOf } from "../Domain/Clock.ts"
import { defaults, type Order } from "../Domain/Endpoint.ts"
import type { LoggedEvent } from "../Domain/Event.ts"
import { Server } from "../Domain/Server.ts"
import { EventBus } from "../Log/EventBus.ts"
import { EventStore } from "../Log/EventStore.ts"
import { persistently } from "../Storage/Failure.ts"
import * as Backlog from "./Feed/Backlog.ts"
import * as Lane from "./Feed/Lane.ts"
import * as Reader from "./Feed/Reader.ts"
import * as Work from "./Feed/Work.ts"
import { Positions } from "./Positions.ts"

export type { Attempted, Options, Turn } from "./Feed/Work.ts"

export interface Depth {
  /** Events that wait. */
  readonly behind: number
  /** There may be more: the feed has not read the log to its end, or a lane was behind when the feed began to run. */
  readonly isAtLeast: boolean
  /** The time at which the oldest of them was received, in ms since 1970 UTC. */
  readonly oldestAt: number | null
  /** Lanes that work now. */
  readonly running: number
}

export interface Feed {
  readonly depth: () => Depth
  /** Waits for the end of a replay. */
  readonly ended: Effect.Effect<void>
}

/** Events of one lane in memory, and of all. */
const most = { ofLane: 64, ofFeed: 512 }

/** Events that a lane which was behind reads at once: as many lanes as there are attempts at a time have some in memory. */
const pageOf = (order: Order, concurrency: number): number =>
  order === "instance" ? Math.min(100, Math.ceil(most.ofFeed / concurrency)) : 100

/** In the midst of old events, a full lane is waited for so long before the feed passes it. */
const patience = Duration.millis(250)

/** The lanes that a probe tries first. */
const probes = 3

const byHead = (left: Lane.Lane, right: Lane.Lane): number =>
  (left.head ?? left.cursor) - (right.head ?? right.cursor)

/** Runs the feed until the scope closes; messages under way are waited for. */
export const run = Effect.fnUntraced(function* (options: Work.Options) {
  const { key, settings, takes, until } = options
  const { concurrency = defaults.concurrency, order = "instance" } = settings
  const bus = yield* EventBus
  const store = yield* EventStore
  const positions = yield* Positions
  const server = yield* Server

  const found = yield* persistently(positions.load(key))
  const begun = found.cursor ?? options.after
  const lanes = new Map(found.lanes.map((row) => [row.lane, Lane.loaded(row, begun)]))
  const limit = pageOf(order, concurrency)
  let reader: Reader.Reader = { position: () => begun, isLate: () => true }
  const around = { bus, limit, store, server, order, takes, position: () => reader.position() }
  const isPurged = Backlog.purgedUntil(around) > begun
  let isRead = false
  const ended = yield* Effect.makeLatch(false)
  // The lanes end first, so what they delivered at last is in it.
  let saveLast: Effect.Effect<void> = Effect.void
  yield* Effect.addFinalizer(() => saveLast)
  const work = yield* Work.make({
    options,
    now: wallOf(yield* Effect.clock),
    refill: (lane) => persistently(Backlog.refill(around, lane)),
    save: (change) => positions.save(key, change),
    onIdle: () => {
      if (isRead && !work.busy()) ended.unsafeOpen()
    }
  })

  const laneOf = (event: LoggedEvent): Lane.Lane => {
    const name = Lane.nameOf(order, event)
    const known = lanes.get(name)
    if (known !== undefined) return known
    const lane = Lane.fresh(name, begun)
    lanes.set(name, lane)
    return lane
  }

  const isFull = (lane: Lane.Lane): boolean =>
    lane.queue.length >= most.ofLane || (work.outstanding() >= most.ofFeed && lane.queue.length > 0)

  const route = (event: LoggedEvent): void => {
    if (!takes.takes(event)) return
    const lane = laneOf(event)
    if (event.id <= lane.cursor) return
    if (!lane.held && isFull(lane)) Lane.hold(lane)
    if (lane.held) {
      Lane.skip(lane, event.id)
      return
    }
    if (isPurged && !lane.isTold) {
      const purged = Math.min(Backlog.purgedUntil(around, lane), event.id - 1)
      if (purged > lane.cursor) work.put(lane, Backlog.missed(lane, order, server, purged))
    }
    lane.isTold = true
    work.put(lane, { _tag: "Event", event })
  }

  /** Old events are not passed as long as their lanes make progress. */
  const room = (event: LoggedEvent): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (!takes.takes(event)) return Effect.void
      const lane = lanes.get(Lane.nameOf(order, event))
      const isCrowded = work.outstanding() >= most.ofFeed
      if (!isCrowded && (lane === undefined || lane.held || !isFull(lane))) return Effect.void
      return Effect.flatten(
        Effect.timeoutTo(work.progress, {
          duration: patience,
          onSuccess: () => room(event),
          onTimeout: () => (isCrowded ? room(event) : Effect.void)
        })
      )
    })
  const depth = (): Depth => {
    const counted = work.depth()
    return { ...counted, isAtLeast: counted.isAtLeast || (reader.isLate() && counted.running > 0) }
  }

  let saved = { cursor: begun, behind: 0 }
  let rounds = 0
  /** Every second; every ten where nothing but the cursor changed. */
  const save = Effect.suspend(() => {
    const cursor = work.doneUntil(reader.position())
    const { behind, isAtLeast, oldestAt } = depth()
    const delivered = work.delivered()
    const isNews = delivered > 0 || behind > 0 || saved.behind > 0
    if (!isNews && (cursor === saved.cursor || rounds++ % 10 !== 0)) return Effect.void
    saved = { cursor, behind }
    return positions.save(key, {
      lanes: work.changed(),
      cursor: { cursor, behind, oldestAt, isAtLeast, delivered }
    })
  })
  saveLast = save
  const behind = [...lanes.values()].filter((lane) => lane.held).sort(byHead)
  // A probe is of the oldest events, so they are read before newer ones can come.
  if (options.isProbing)
    yield* Effect.forEach(behind.slice(0, probes), work.fill, { discard: true })
  for (const lane of behind) work.resume(lane)
  yield* positions.everySecond(save)
  const reading = {
    bus,
    store,
    begun,
    wants: (instance: string, of: string) => of === server && takes.isAbout(instance),
    query: { ...takes.query, servers: [server] },
    route,
    room,
    crashed: options.crashed
  }
  reader =
    until === undefined
      ? yield* Reader.follow(reading)
      : yield* Reader.replay(reading, until, () => {
          isRead = true
          if (!work.busy()) ended.unsafeOpen()
        })
  return { depth, ended: ended.await } satisfies Feed
})
