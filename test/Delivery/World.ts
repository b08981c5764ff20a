/** A log in a real database, an endpoint that runs over it, and a receiver that answers as a test wants. */
import { randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql"
import { DateTime, Effect, Exit, Fiber, Layer, Queue, Scope, TestClock } from "effect"
import * as FairSemaphore from "../../src/Concurrency/FairSemaphore.ts"
import { Aside } from "../../src/Delivery/Aside.ts"
import { Positions } from "../../src/Delivery/Positions.ts"
import * as Health from "../../src/Delivery/Runner/Health.ts"
import * as Runner from "../../src/Delivery/Runner.ts"
import { type Delivered, DeliveryFailed, type Outgoing } from "../../src/Delivery/Sink.ts"
import { wallOf } from "../../src/Domain/Clock.ts"
import type { Endpoint, Replay, Settings } from "../../src/Domain/Endpoint.ts"
import { type EvolutionEvent, logged } from "../../src/Domain/Event.ts"
import * as Json from "../../src/Domain/Json.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"

/** Built for each test: its clock is its own. */
export const layerOn = <E>(database: Layer.Layer<SqlClient.SqlClient, E>) =>
  Layer.merge(Aside.layer, Positions.layer).pipe(
    Layer.provideMerge(Layer.provideMerge(EventBus.layer, EventStore.layer)),
    Layer.provideMerge(database)
  )
export type Provided = Layer.Layer.Success<ReturnType<typeof layerOn>>

/** What a dead process does; its fibers end all the same. */
const nothing = Effect.interruptible(Effect.never)

export type Answer = (message: Outgoing) => Effect.Effect<Delivered, DeliveryFailed>

export const refused = (status = 500) =>
  new DeliveryFailed({ kind: "answered", message: "The receiver answered", status })
export const away = new DeliveryFailed({ kind: "unreachable", message: "No connection" })

export const idOf = ({ item }: Outgoing): number => (item._tag === "Event" ? item.event.id : 0)
export const laneOf = ({ item }: Outgoing): string =>
  item._tag === "Event" ? item.event.instance : item._tag === "Missed" ? item.instance : ""

export const make = (some: Partial<Settings> = {}) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const store = yield* EventStore
    const bus = yield* EventBus
    const positions = yield* Positions
    const now = wallOf(yield* Effect.clock)
    const settings: Settings = {
      name: "crm",
      target: { type: "webhook", url: "http://receiver.test/" },
      ...some
    }
    const at = yield* DateTime.now
    const begin = yield* store.lastId
    let endpoint: Endpoint = {
      id: randomUUID(),
      settings,
      state: "active",
      reason: null,
      source: "api",
      bounds: { instances: null, servers: null },
      generation: 0,
      createdAt: at,
      updatedAt: at
    }
    yield* sql`
      insert into endpoints (id, name, settings, state, source, starts_after, created_at, updated_at)
      values (${endpoint.id}, ${endpoint.id}, '{}'::jsonb, 'active', 'api', 0, now(), now())`

    /** Appends events of these instances to the log, and publishes them; gives their ids. */
    const write = (instances: ReadonlyArray<string>, some: Partial<EvolutionEvent> = {}) =>
      Effect.gen(function* () {
        const events = instances.map(
          (instance, n): EvolutionEvent => ({
            instance,
            event: "call",
            json: Json.fromLog({ n }),
            extra: null,
            lifeCycle: null,
            upstreamTime: null,
            receivedAt: now(),
            origin: "live",
            ...some
          })
        )
        const ids = yield* store.append({
          key: randomUUID(),
          events,
          quarantined: [],
          changes: []
        })
        yield* bus.publish(events.map((event, nth) => logged(event, ids[nth] ?? 0, "default")))
        return ids
      })

    const arrivals = yield* Queue.unbounded<Outgoing>()
    /** Everything that arrived, also what was refused, in order. */
    const received: Array<Outgoing> = []
    const turns = yield* Queue.unbounded<Runner.Turn>()
    const finished = yield* Queue.unbounded<string>()
    let answer: Answer = () => Effect.succeed({ status: 200 })

    /** Runs the endpoint. The inner effect stops it in good order; `kill` lets it save nothing more. */
    const start = (replays: ReadonlyArray<Replay> = [], after = begin) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        let isDead = false
        const disabled = yield* Queue.unbounded<string>()
        const mortal = Positions.of({
          ...positions,
          save: (key, change) =>
            Effect.suspend(() => (isDead ? nothing : positions.save(key, change)))
        })
        const fiber = yield* Effect.gen(function* () {
          const health = yield* Health.make(endpoint, now)
          return yield* Effect.forkScoped(
            Runner.run({
              endpoint,
              startsAfter: after,
              log: "log",
              sink: {
                send: (message) =>
                  Effect.suspend(() => {
                    if (isDead) return nothing
                    received.push(message)
                    return Effect.zipRight(arrivals.offer(message), answer(message))
                  })
              },
              all: FairSemaphore.make(256),
              health,
              entered: () => Effect.void,
              replays: { now: () => replays, changed: yield* Effect.makeLatch(false) },
              finished: ({ id }) => Effect.asVoid(finished.offer(id)),
              told: (turn) => Effect.asVoid(turns.offer(turn)),
              disable: (reason) => Effect.asVoid(disabled.offer(reason))
            })
          )
        }).pipe(Effect.provideService(Positions, mortal), Scope.extend(scope))
        return {
          disabled,
          /** Its end, which comes by a defect alone. */
          ended: Fiber.await(fiber),
          stop: Scope.close(scope, Exit.void),
          kill: Effect.suspend(() => {
            isDead = true
            return Effect.forkDaemon(Scope.close(scope, Exit.void))
          })
        }
      })

    /** The endpoint was changed just now, or resumed. */
    const change = Effect.gen(function* () {
      endpoint = { ...endpoint, updatedAt: yield* DateTime.now }
      yield* sql`update endpoint_lanes set retry_at = null`
    })

    /** Time, by steps, until it is interrupted. A statement that is interrupted would cancel another one's. */
    const passing = Effect.forever(
      Effect.zipRight(Effect.uninterruptible(sql`select`), TestClock.adjust("1 second"))
    )

    return {
      arrivals,
      change,
      passing,
      endpoint,
      finished,
      received,
      sql,
      start,
      turns,
      write,
      gone: new DeliveryFailed({ kind: "gone", message: "The receiver is gone", status: 410 }),
      /** Events that were put aside. */
      aside: sql`
        select event_id::integer as event_id, attempts, retry_at, reason from endpoint_undelivered
        where endpoint = ${endpoint.id} order by event_id`,
      /** Waits until these lanes are behind, for whoever asks the database. */
      behind: (lanes: ReadonlyArray<string>) =>
        Effect.zipRight(
          TestClock.adjust("1 second"),
          sql<{ lane: string }>`
            select lane from endpoint_lanes where endpoint = ${endpoint.id} and held order by lane`
        ).pipe(
          Effect.map((rows) => rows.map(({ lane }) => lane).join() === lanes.join()),
          Effect.repeat({ until: (is) => is })
        ),
      /** Waits until the lane's cursor is saved. */
      settled: (lane: string, id: number) =>
        sql<{ cursor: number }>`
          select cursor::float8 as cursor from endpoint_lanes
          where endpoint = ${endpoint.id} and lane = ${lane}`.pipe(
          Effect.repeat({ until: ([row]) => row !== undefined && row.cursor >= id })
        ),
      /** The next messages to arrive. */
      take: (count: number) => Effect.map(Queue.takeN(arrivals, count), (some) => [...some]),
      answerWith: (next: Answer): void => {
        answer = next
      }
    }
  })

export type World = Effect.Effect.Success<ReturnType<typeof make>>
