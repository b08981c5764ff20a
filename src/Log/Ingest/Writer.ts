/** Writes what waits, batch after batch, and tells of it. */
import { randomUUID } from "node:crypto"
import { Array as Arr, Cause, Effect, Either, identity } from "effect"
import { logged, type QuarantinedEvent } from "../../Domain/Event.ts"
import * as Json from "../../Domain/Json.ts"
import { project } from "../../Domain/Projection.ts"
import { EventBus } from "../EventBus.ts"
import { EventStore } from "../EventStore.ts"
import { InstanceStore } from "../InstanceStore.ts"
import * as Backlog from "./Backlog.ts"
import * as Count from "./Count.ts"
import type { Outage } from "./Outage.ts"

/** `wordsOf`: what an error says, without what is secret. */
export const make = Effect.fnUntraced(function* (
  { trying }: Pick<Effect.Effect.Success<ReturnType<typeof Backlog.make>>, "trying">,
  outage: Outage,
  wordsOf: (error: unknown) => string
) {
  const events = yield* EventStore
  const instances = yield* InstanceStore
  const bus = yield* EventBus

  /** What was fetched again is written only where the log has it not. */
  const unheard = (items: Backlog.Batch) =>
    Effect.map(events.unheard(Arr.getRights(items.map(({ decoded }) => decoded))), (fresh) => {
      const kept = new Set(fresh)
      return items.filter(({ decoded }) => Either.isLeft(decoded) || kept.has(decoded.right))
    })

  type Sorted = ReturnType<typeof sort>
  const sorted = new WeakMap<Backlog.Batch, Sorted>()
  const sort = (items: Backlog.Batch) => {
    const [quarantined, decoded] = Arr.separate(items.map((item) => item.decoded))
    return { decoded, quarantined }
  }

  /** What of a batch can be done before the one before it is committed. */
  const prepare = (items: Backlog.Batch) =>
    Effect.suspend(() => {
      const made = sort(items)
      sorted.set(items, made)
      return events.prepare(made.decoded)
    })

  const append = (items: Backlog.Batch, key: string) =>
    Effect.suspend(() => {
      const { decoded, quarantined } = sorted.get(items) ?? sort(items)
      const changes = project(instances.get, decoded)
      return Effect.map(events.append({ key, events: decoded, quarantined, changes }), (ids) => ({
        changes,
        quarantined,
        decoded,
        ids
      }))
    })

  /** Gives what is left to do when it is committed: to tell of it. */
  const commit = (items: Backlog.Batch): Effect.Effect<Effect.Effect<void>> =>
    Effect.gen(function* () {
      const fresh = items.some(Backlog.isFetched)
        ? yield* outage.persistently(items.length, trying(unheard(items)))
        : items
      // With the same key: when only the answer got lost, nothing is written twice.
      const key = randomUUID()
      const committed = yield* outage.persistently(fresh.length, trying(append(fresh, key)))
      return { ...committed, fresh: new Set(fresh) }
    }).pipe(
      Effect.matchCauseEffect({
        // A refused value, or a bug of ours: either way the writer must go on.
        onFailure: (cause) =>
          Cause.isInterruptedOnly(cause)
            ? Effect.interrupt
            : isolate(items, wordsOf(Cause.squash(cause))),
        onSuccess: ({ changes, decoded, fresh, ids, quarantined }) =>
          Effect.sync(() => {
            instances.applyCommitted(changes, decoded)
            for (const item of items) item.settled?.(fresh.has(item) && Backlog.isFetched(item))
            return Effect.suspend(() => {
              const told = decoded.map((event, nth) => logged(event, ids[nth] ?? 0))
              return Effect.zipRight(bus.publish(told), Count.committed(told, quarantined.length))
            })
          })
      }),
      Count.batch(items.length)
    )

  /** One event that cannot be committed must not cost its neighbours: halve until it stands alone. */
  const isolate = (items: Backlog.Batch, reason: string): Effect.Effect<Effect.Effect<void>> => {
    const [item] = items
    if (item === undefined) return Effect.succeed(Effect.void)
    if (items.length > 1) {
      const [left, right] = Arr.splitAt(items, items.length >>> 1)
      // One after the other: what the left half teaches is what the right half builds on.
      return Effect.zipWith(commit(left), commit(right), (one, other) =>
        Effect.zipRight(one, other)
      )
    }
    const setAside = (event: QuarantinedEvent) => commit([{ ...item, decoded: Either.left(event) }])
    const { instance } = Either.merge(item.decoded)
    return Effect.zipRight(
      Effect.logWarning(`An event cannot be committed, it is put in quarantine: ${reason}`),
      Either.match(item.decoded, {
        onLeft: (event) =>
          event.json === null
            ? Effect.as(
                Effect.zipRight(
                  Effect.sync(() => item.settled?.(false)),
                  Effect.logError(
                    `An event cannot even be put in quarantine, it is lost: ${reason}`
                  )
                ),
                Effect.void
              )
            : setAside({ ...event, json: null }),
        // What Postgres does not take for JSON, it takes as a text.
        onRight: ({ event, json, receivedAt }) =>
          setAside({ event, instance, receivedAt, reason, json: Json.quoted(json) })
      })
    ).pipe(instance === null ? identity : Effect.annotateLogs("instance", instance))
  }

  const writing: Backlog.Writing = { commit, prepare }
  return writing
})
