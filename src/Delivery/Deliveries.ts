/** Delivers the events of one Evolution server to the endpoints that are for it, as long as this process owns it. */
import { SqlClient } from "@effect/sql"
import {
  Array as Arr,
  DateTime,
  Effect,
  Either,
  Exit,
  Fiber,
  Layer,
  Schedule,
  Scope,
  Stream
} from "effect"
import * as AppConfig from "../AppConfig.ts"
import * as StopPlan from "../Concurrency/StopPlan.ts"
import { loop } from "../Concurrency/Supervise.ts"
import { wallOf } from "../Domain/Clock.ts"
import type { Endpoint, Replay } from "../Domain/Endpoint.ts"
import { ofOurs } from "../Domain/Event.ts"
import { Server } from "../Domain/Server.ts"
import { Ingest } from "../Log/Ingest.ts"
import { persistently } from "../Storage/Failure.ts"
import { Secrets } from "../Telemetry/Secrets.ts"
import { Aside } from "./Aside.ts"
import { Endpoints } from "./Endpoints.ts"
import { isForServer } from "./Feed/Filter.ts"
import * as LogIdentity from "./LogIdentity.ts"
import type { Turn } from "./Outcome.ts"
import { Positions } from "./Positions.ts"
import { Replays } from "./Replays.ts"
import * as Health from "./Runner/Health.ts"
import * as Runner from "./Runner.ts"
import { Sinks } from "./Sinks.ts"
import { Traffic } from "./Traffic.ts"

/** One endpoint's defect ends no other endpoint's deliveries, nor the program. */
const restarts = Schedule.exponential("1 second").pipe(
  Schedule.union(Schedule.spaced("1 minute")),
  Schedule.jittered
)

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const endpoints = yield* Endpoints
  const replays = yield* Replays
  const sinks = yield* Sinks
  const traffic = yield* Traffic
  const server = yield* Server
  const servers = yield* AppConfig.servers
  const { appendOwn } = yield* Ingest
  const { scrub } = yield* Secrets
  const now = wallOf(yield* Effect.clock)
  const log = yield* LogIdentity.read

  const told = ({ id }: Endpoint, { _tag, attempts, event, failure, instance }: Turn) => {
    const data = {
      endpoint: id,
      eventId: event,
      attempts,
      failure: failure?.kind ?? null,
      status: failure?.status ?? null
    }
    const facts = { instance, event: `endpoint.${_tag}`, data, receivedAt: now() }
    // A lane of all instances has none to tell of, where its events were purged.
    return instance === "" ? Effect.void : Effect.asVoid(appendOwn([ofOurs(facts, scrub)]))
  }

  /** A replay has ended when it has in every server. */
  const finished = (endpoint: Endpoint, { id, until }: Replay) =>
    Effect.gen(function* () {
      const rows = yield* sql<{ server: string }>`
        select server from endpoint_cursors where feed = ${id} and cursor >= ${until}`
      const done = new Set(rows.map((one) => one.server))
      if (servers.every((one) => done.has(one) || !isForServer(endpoint, one)))
        yield* replays.finish(id)
    }).pipe(persistently)

  const run = (endpoint: Endpoint, changed: Effect.Latch) =>
    Effect.gen(function* () {
      const health = yield* Health.make(endpoint, now)
      const opened = yield* Effect.either(sinks.open(endpoint))
      return yield* Runner.run({
        endpoint,
        startsAfter: yield* endpoints.startsAfter(endpoint.id),
        log,
        // A sink that cannot be opened is a failure of each attempt, which people see.
        sink: Either.getOrElse(opened, (failure) => ({ send: () => Effect.fail(failure) })),
        all: traffic.gate,
        health,
        replays: { now: () => replaysOf[endpoint.id] ?? [], changed },
        finished: (replay) => finished(endpoint, replay),
        told: (turn) => told(endpoint, turn),
        disable: (reason) => persistently(endpoints.disable(endpoint.id, reason)),
        entered: (depth) => traffic.enter({ endpoint, server, depth, health: health.now })
      })
    }).pipe(
      Effect.scoped,
      Effect.sandbox,
      Effect.tapError((cause) =>
        Effect.logError(`Deliveries to the endpoint ${endpoint.id} crashed`, cause)
      ),
      Effect.retry(restarts)
    )

  const scope = yield* Effect.acquireRelease(Scope.make(), (running) =>
    StopPlan.within("deliveries")(Scope.close(running, Exit.void))
  )
  const running = new Map<
    string,
    {
      readonly sign: string
      readonly changed: Effect.Latch
      readonly fiber: Fiber.Fiber<unknown, unknown>
    }
  >()
  let replaysOf: Readonly<Record<string, ReadonlyArray<Replay>>> = {}

  /** One run of an endpoint at a time: the next one begins when the one before has saved where it is. */
  const replace = (id: string, next: Endpoint | undefined) =>
    Effect.gen(function* () {
      const before = running.get(id)
      const end = before === undefined ? Effect.void : Fiber.interrupt(before.fiber)
      const changed = yield* Effect.makeLatch(false)
      const fiber = yield* Effect.forkIn(
        Effect.zipRight(
          Effect.uninterruptible(end),
          next === undefined ? Effect.void : run(next, changed)
        ),
        scope
      )
      if (next === undefined) running.delete(id)
      else running.set(id, { sign: signOf(next), changed, fiber })
    })

  const reconcile = Effect.gen(function* () {
    replaysOf = Arr.groupBy(yield* persistently(replays.running), (one) => one.endpoint)
    const wanted = new Map(
      (yield* endpoints.all)
        .filter((one) => one.state === "active" && isForServer(one, server))
        .map((one) => [one.id, one])
    )
    for (const id of running.keys()) if (!wanted.has(id)) yield* replace(id, undefined)
    for (const [id, one] of wanted)
      if (running.get(id)?.sign !== signOf(one)) yield* replace(id, one)
    for (const { changed } of running.values()) yield* changed.open
  })
  yield* loop(
    "deliveries",
    Stream.runForEach(endpoints.changes, () => reconcile)
  )
})

/** Another run is due when it changes. */
const signOf = ({ generation, updatedAt }: Endpoint): string =>
  `${generation} ${DateTime.toEpochMillis(updatedAt)}`

export const layer = Layer.scopedDiscard(make).pipe(
  Layer.provide(Layer.merge(Aside.layer, Positions.layer))
)
