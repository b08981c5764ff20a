/** The work of a feed's lanes: one fiber for each lane that has something to deliver. */
import { Cause, Duration, Effect, Either, FiberSet, Random } from "effect"
import * as FairSemaphore from "../../Concurrency/FairSemaphore.ts"
import { defaults, type Settings } from "../../Domain/Endpoint.ts"
import * as Outcome from "../Outcome.ts"
import type { Change, FeedKey, LaneRow } from "../Positions.ts"
import type { DeliveryFailed, Item, Outgoing } from "../Sink.ts"
import * as Agenda from "./Agenda.ts"
import type { Takes } from "./Filter.ts"
import { firstIn, idOf, type Lane, messageIdOf, oldestIn, release, rowOf, settle } from "./Lane.ts"
import * as Policy from "./Policy.ts"

export type { Attempted, Turn } from "../Outcome.ts"

export interface Options {
  readonly key: FeedKey
  readonly settings: Settings
  readonly takes: Takes
  /** The feed begins after this event. */
  readonly after: number
  /** A replay ends with this event. */
  readonly until?: number | undefined
  /** Tells the log from others, in the ids of messages. */
  readonly log: string
  /**
   * Sends a message when its turn comes, and hands what came of it to `settle`. Until then it can be interrupted;
   * from then on not, so that what the receiver has confirmed is saved.
   */
  readonly attempt: (
    lane: string,
    message: Outgoing,
    settle: (attempted: Outcome.Attempted) => Effect.Effect<boolean>
  ) => Effect.Effect<boolean>
  /** Called when an event goes on failing, and when it was delivered after all. */
  readonly told: (turn: Outcome.Turn) => Effect.Effect<void>
  /** Called when the work of a lane ends by a defect. */
  readonly crashed: (cause: Cause.Cause<never>) => Effect.Effect<unknown>
  /** Lanes that failed try again at once, those with the oldest events first. */
  readonly isProbing: boolean
}

interface Around {
  readonly options: Options
  readonly now: () => number
  /** Puts the next events of a held lane into its queue, or ends its being held. */
  readonly refill: (lane: Lane) => Effect.Effect<void>
  readonly save: (change: Change) => Effect.Effect<void>
  /** Called when a lane has nothing left. */
  readonly onIdle: () => void
}

export const make = Effect.fnUntraced(function* (around: Around) {
  const { now, onIdle, options, refill, save } = around
  const { attempt, crashed, isProbing, log, settings, told } = options
  /** Lanes that have something before them. */
  const busy = new Set<Lane>()
  /** Lanes that are behind no more, which the database does not know. */
  const caughtUp = new Set<Lane>()
  let outstanding = 0
  let delivered = 0
  const progress = yield* Effect.makeLatch(false)
  const start = yield* FiberSet.makeRuntime<never, void, never>()
  const wake = (lane: Lane): void => {
    if (lane.running) return
    lane.running = true
    busy.add(lane)
    start(
      Effect.tapErrorCause(work(lane), (cause) =>
        Cause.isInterruptedOnly(cause) ? Effect.void : crashed(cause)
      )
    )
  }
  const agenda = yield* Agenda.make(wake, start)

  const progressed = (): void => {
    progress.unsafeOpen()
    progress.unsafeClose()
  }

  const settled = (lane: Lane, item: Item): void => {
    settle(lane, item)
    lane.queue.shift()
    outstanding--
    progressed()
  }

  /** The fiber of the lane ends. In one step, so that what comes next wakes it. */
  const rest = (lane: Lane): void => {
    lane.running = false
    if (lane.held) return
    busy.delete(lane)
    onIdle()
  }

  /** As many lanes as can be under way at once have events of the log in memory. */
  const readers = FairSemaphore.make(settings.concurrency ?? defaults.concurrency)

  const work = (lane: Lane): Effect.Effect<void> =>
    Effect.suspend(() => {
      const [item] = lane.queue
      if (item === undefined && !lane.held) {
        rest(lane)
        return Effect.void
      }
      const next =
        item === undefined
          ? readers.withPermit(Effect.zipRight(fill(lane), drain(lane)))
          : deliver(lane, item)
      return Effect.flatMap(next, (goesOn) => (goesOn ? work(lane) : Effect.void))
    })

  /** Delivers what was read from the log. False: the lane failed. */
  const drain = (lane: Lane): Effect.Effect<boolean> =>
    Effect.suspend(() => {
      const [item] = lane.queue
      if (item === undefined || !lane.held) return Effect.succeed(true)
      return Effect.if(deliver(lane, item), {
        onTrue: () => drain(lane),
        onFalse: () => Effect.succeed(false)
      })
    })

  const fill = (lane: Lane): Effect.Effect<void> =>
    Effect.map(refill(lane), () => {
      outstanding += lane.queue.length
      if (!lane.held) caughtUp.add(lane)
    })

  const messageOf = (lane: Lane, item: Item): Outgoing => ({
    id: messageIdOf(log, item),
    item,
    previous: settings.order === "none" ? null : lane.previous,
    attempt: lane.attempts + 1,
    isReplay: options.until !== undefined
  })

  /** False: the lane failed. */
  const deliver = (lane: Lane, item: Item): Effect.Effect<boolean> =>
    attempt(lane.name, messageOf(lane, item), (attempted) =>
      Either.isRight(attempted.result)
        ? succeeded(lane, item, attempted)
        : failed(lane, item, attempted, attempted.result.left)
    )

  const succeeded = (lane: Lane, item: Item, attempted: Outcome.Attempted) =>
    Effect.suspend(() => {
      const { attempts } = lane
      const turn = Outcome.turnOf(item, lane.attempts, null)
      settled(lane, item)
      if (item._tag === "Event") delivered++
      caughtUp.delete(lane)
      return save({
        lane: rowOf(lane),
        attempt: attempts > 0 ? Outcome.attemptRow(item, attempts + 1, attempted) : undefined
      }).pipe(
        Effect.zipRight(attempts >= Outcome.alarm ? told(turn) : Effect.void),
        Effect.as(true)
      )
    })

  const failed = (lane: Lane, item: Item, attempted: Outcome.Attempted, error: DeliveryFailed) =>
    Effect.gen(function* () {
      const attempts = lane.attempts + 1
      const reason = error.message
      const row = Outcome.attemptRow(item, attempts, attempted)
      const next = Policy.next(settings, error, attempts, yield* Random.next)
      if (next._tag === "aside" && item._tag === "Event") {
        const { event, id, instance } = item.event
        const at = now()
        const retryAt = next.delay === null ? null : at + Duration.toMillis(next.delay)
        settled(lane, item)
        const aside = { instance, eventId: id, event, attempts, reason, at, retryAt }
        yield* save({ lane: rowOf(lane), attempt: row, aside })
        return true
      }
      const delay = Duration.toMillis(next.delay ?? Duration.zero)
      lane.since = oldestIn(lane)
      outstanding -= lane.queue.length
      release(lane)
      progressed()
      lane.attempts = attempts
      lane.head = idOf(item)
      lane.reason = reason
      lane.failingSince ??= attempted.at
      lane.retryAt = now() + delay
      lane.isHeldSaved = true
      yield* save({ lane: rowOf(lane), attempt: row })
      if (attempts === Outcome.alarm) yield* told(Outcome.turnOf(item, lane.attempts, error))
      rest(lane)
      agenda.put(lane, delay)
      return false
    })

  return {
    busy: (): boolean => busy.size > 0,
    outstanding: () => outstanding,
    /** Waits for the next step of any lane. */
    progress: progress.await,
    put: (lane: Lane, item: Item): void => {
      lane.queue.push(item)
      outstanding++
      wake(lane)
    },
    /** Reads the next events of a lane that was behind. */
    fill,
    /** A lane that was behind goes on. */
    resume: (lane: Lane): void => {
      busy.add(lane)
      if (isProbing || lane.retryAt === null) wake(lane)
      else agenda.put(lane, Math.max(0, lane.retryAt - now()))
    },
    /** Everything up to here is dealt with, but for what held lanes have before them. */
    doneUntil: (position: number): number => {
      let until = position
      for (const lane of busy) if (!lane.held) until = Math.min(until, firstIn(lane))
      return until
    },
    /** Lanes that are held, or no more, since the last call; they have to be saved with the cursor. */
    changed: (): ReadonlyArray<LaneRow> => {
      const rows = [...busy].flatMap((lane) => {
        if (!lane.held || lane.isHeldSaved) return []
        lane.isHeldSaved = true
        return [rowOf(lane)]
      })
      for (const lane of caughtUp) if (!lane.held) rows.push(rowOf(lane))
      caughtUp.clear()
      return rows
    },
    /** Events delivered since the last call. */
    delivered: (): number => {
      const count = delivered
      delivered = 0
      return count
    },
    depth: () => {
      let [behind, running] = [outstanding, 0]
      let oldestAt: number | null = null
      let isAtLeast = false
      for (const lane of busy) {
        behind += lane.waiting
        isAtLeast ||= lane.isUncounted
        if (lane.running) running++
        const at = oldestIn(lane)
        if (at !== null) oldestAt = Math.min(at, oldestAt ?? at)
      }
      return { behind, oldestAt, isAtLeast, running }
    }
  }
})
