/**
 * Measures the events per second from a raw event to a committed one: without a database, which shows
 * our own work alone, or on the Postgres of `TEST_DATABASE_URL`.
 *
 *     node --import tsx test/bench/ingest.ts [rounds]
 */
import { Effect, Layer, Logger, LogLevel } from "effect"
import type { RawEvent } from "../../src/Domain/Event.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { GapStore } from "../../src/Log/GapStore.ts"
import { Ingest } from "../../src/Log/Ingest.ts"
import { InstanceStore } from "../../src/Log/InstanceStore.ts"
import { databases } from "../support/databases.ts"
import { instancesOf, storeOf } from "../support/doubles.ts"
import { settings } from "../support/settings.ts"

const perRound = 40_000
const perChunk = 50
const rounds = Number(process.argv[2] ?? 7)

const message = (n: number): RawEvent => {
  const name = n % 4 === 0 ? "presence.update" : "messages.upsert"
  const payload = {
    event: name,
    instance: `shop-${n % 20}`,
    data: {
      key: { remoteJid: `55119999${n % 1000}@s.whatsapp.net`, fromMe: false, id: `3EB0${n}` },
      pushName: "Somebody",
      message: { conversation: "x".repeat(700) },
      messageType: "conversation",
      messageTimestamp: 1_700_000_000 + n,
      source: "android"
    },
    server_url: "http://localhost:8080",
    date_time: "2025-01-01T00:00:00.000Z",
    apikey: "an-instance-token"
  }
  return { name, payload, receivedAt: 1_700_000_000_000 + n }
}

const chunks = Array.from({ length: perRound / perChunk }, (_, chunk) =>
  Array.from({ length: perChunk }, (_, n) => message(chunk * perChunk + n))
)

let last = 0
const nowhere = Layer.mergeAll(
  Layer.succeed(
    EventStore,
    storeOf({
      append: ({ events }) => Effect.sync(() => events.map(() => ++last)),
      lastId: Effect.succeed(0)
    })
  ),
  instancesOf(),
  Layer.mock(GapStore, { markStopped: Effect.void })
)

const [, postgres] = databases.at(-1) ?? ["", undefined]
const stores =
  process.env.TEST_DATABASE_URL === undefined || postgres === undefined
    ? nowhere
    : Layer.mergeAll(EventStore.layer, GapStore.layer, InstanceStore.layer).pipe(
        Layer.provide(postgres)
      )

const round = Effect.gen(function* () {
  const ingest = yield* Ingest
  const [wall, cpu] = [performance.now(), process.cpuUsage()]
  for (const chunk of chunks) yield* ingest.receive(chunk, "live")
  yield* (yield* ingest.appendOwn([])).committed
  while ((yield* ingest.committedUntil) < Date.now() - 5) yield* Effect.sleep("1 millis")
  const { system, user } = process.cpuUsage(cpu)
  return { wall: performance.now() - wall, cpu: (system + user) / 1000 }
})

const program = Effect.gen(function* () {
  yield* round // to warm up
  const taken = yield* Effect.replicateEffect(round, rounds)
  const median = (of: "wall" | "cpu") =>
    taken.map((one) => one[of]).sort((left, right) => left - right)[taken.length >>> 1] ?? 0
  const [wall, cpu] = [median("wall"), median("cpu")]
  console.log(
    `${Math.round((perRound * 1000) / wall)} events/s, ${((cpu * 1000) / perRound).toFixed(2)} µs of processor time an event`
  )
}).pipe(
  Effect.provide(
    Ingest.layer.pipe(
      Layer.provideMerge(EventBus.layer),
      Layer.provide(stores),
      Layer.provide(settings({})),
      Layer.provideMerge(Logger.minimumLogLevel(LogLevel.Warning))
    )
  )
)

await Effect.runPromise(Effect.scoped(program))
