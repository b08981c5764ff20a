/** Writes batches into the log, and tells the bus of them. */
import { randomUUID } from "node:crypto"
import type { SqlError } from "@effect/sql"
import { Array as Arr, Cause, Effect, Either, identity, Option } from "effect"
import { logged, type QuarantinedEvent } from "../../Domain/Event.ts"
import * as Json from "../../Domain/Json.ts"
import { project } from "../../Domain/Projection.ts"
import { Server } from "../../Domain/Server.ts"
import { CurrentFence } from "../../Domain/Tenure.ts"
import { classify } from "../../Storage/Failure.ts"
import { EventBus } from "../EventBus.ts"
import { EventStore } from "../EventStore.ts"
import { InstanceStore } from "../InstanceStore.ts"
import * as Count from "./Count.ts"
import { type Batch, type Item, isFetched } from "./Item.ts"
import type { Outage } from "./Outage.ts"

/** Makes `write`, which ends when every event of a batch is in the log or in quarantine, and published. */
export const make = Effect.fnUntraced(function* (
  outage: Outage,
  /** An error's message without secrets. */
  wordsOf: (error: unknown) => string
) {
  const store = yield* EventStore
  const instances = yield* InstanceStore
  const bus = yield* EventBus
  const server = yield* Server
  const fence = yield* CurrentFence

  /** Drops back-filled messages that the log already has. */
  const unheard = (items: Batch): Effect.Effect<Batch, SqlError.SqlError> =>
    Effect.map(store.unheard(Arr.getRights(items.map(({ decoded }) => decoded))), (fresh) => {
      const kept = new Set(fresh)
      return items.filter(({ decoded }) => Either.isLeft(decoded) || kept.has(decoded.right))
    })

  const append = (items: Batch, key: string) =>
    Effect.suspend(() => {
      const [quarantined, events] = Arr.separate(items.map(({ decoded }) => decoded))
      const changes = project(instances.get, events)
      return Effect.map(store.append({ key, events, quarantined, changes }), (ids) => ({
        changes,
        quarantined,
        events,
        ids,
        fresh: new Set(items)
      }))
    })

  const write = (items: Batch): Effect.Effect<void> =>
    (items.some(isFetched)
      ? outage.persistently(items.length, unheard(items))
      : Effect.succeed(items)
    ).pipe(
      Effect.flatMap((fresh) => {
        // With the same key: when only the answer got lost, nothing is written twice.
        const key = randomUUID()
        return outage.persistently(fresh.length, append(fresh, key))
      }),
      Effect.matchCauseEffect({
        // A refused value, or a bug of ours: either way the writer must go on.
        onFailure: (cause) =>
          Cause.isInterruptedOnly(cause)
            ? Effect.interrupt
            : isTaken(cause)
              ? Effect.zipRight(fence.fall, Effect.never)
              : isolate(items, wordsOf(Cause.squash(cause))),
        onSuccess: (committed) => conclude(items, committed)
      }),
      Count.batch(items.length)
    )

  /** Each step of a committed batch is taken, even when the one before it has a bug. */
  const conclude = (
    items: Batch,
    { changes, events, fresh, ids, quarantined }: Effect.Effect.Success<ReturnType<typeof append>>
  ) => {
    for (const item of items) item.isCommitted = true
    const steps = [
      Effect.sync(() => instances.applyCommitted(changes, events)),
      Effect.sync(() => {
        for (const item of items) item.onCommitted?.(fresh.has(item) && isFetched(item))
      }),
      Effect.suspend(() =>
        bus.publish(events.map((event, nth) => logged(event, ids[nth] ?? 0, server)))
      ),
      Count.committed(events, quarantined.length)
    ]
    return Effect.forEach(steps, survive, { discard: true })
  }

  /** Halves a batch until the event that cannot be committed stands alone, and its neighbours are committed. */
  const isolate = (items: Batch, reason: string): Effect.Effect<void> => {
    const [item] = items
    if (item === undefined) return Effect.void
    if (items.length > 1) {
      const [left, right] = Arr.splitAt(items, items.length >>> 1)
      // One after the other: what the left half teaches is what the right half builds on.
      return Effect.zipRight(write(left), write(right))
    }
    const { instance } = Either.merge(item.decoded)
    return Effect.zipRight(
      Effect.logWarning(`An event cannot be committed, it is put in quarantine: ${reason}`),
      setAside(item, reason)
    ).pipe(instance === null ? identity : Effect.annotateLogs("instance", instance))
  }

  const setAside = (item: Item, reason: string): Effect.Effect<void> => {
    const quarantine = (event: QuarantinedEvent) => {
      item.decoded = Either.left(event)
      return write([item])
    }
    return Either.match(item.decoded, {
      onLeft: (event) => {
        const last = inAscii(event)
        return JSON.stringify(last) === JSON.stringify(event)
          ? Effect.zipRight(
              Effect.sync(() => item.onCommitted?.(false)),
              Effect.logError(`An event cannot even be put in quarantine, it is lost: ${reason}`)
            )
          : quarantine(last)
      },
      onRight: ({ event, instance, json, receivedAt }) =>
        quarantine({ event, instance, receivedAt, reason, json: Json.quoted(json) })
    })
  }

  return write
})

/** Another process owns the server. It, and not this one, writes from now on. */
const isTaken = (cause: Cause.Cause<SqlError.SqlError>): boolean =>
  Option.exists(Cause.failureOption(cause), (error) => classify(error) === "taken")

/** The last form to try: all of it is text that each encoding has. */
const inAscii = (event: QuarantinedEvent): QuarantinedEvent => ({
  ...event,
  instance: event.instance === null ? null : Json.inAscii(event.instance),
  event: Json.inAscii(event.event),
  reason: Json.inAscii(event.reason),
  json: Json.quoted(event.json)
})

const survive = (step: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.catchAllDefect(step, (defect) =>
    Effect.logError(
      "Events are committed, but not told of; please report this bug",
      Cause.die(defect)
    )
  )
