/** Back-fill with the real ledger and ingest, over a log in memory and an Evolution double. */
import type { SqlError } from "@effect/sql"
import { Context, DateTime, Effect, Layer, TestClock } from "effect"
import type { EvolutionEvent } from "../../../src/Domain/Event.ts"
import type { Gap } from "../../../src/Domain/Gap.ts"
import { InstanceName, type InstanceRecord, nothingObserved } from "../../../src/Domain/Instance.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import type { FoundMessage } from "../../../src/Evolution/EvolutionClient/Body.ts"
import { Clocks, type Offsets } from "../../../src/Listening/Clocks.ts"
import { GapLedger } from "../../../src/Listening/GapLedger.ts"
import { Recovery } from "../../../src/Listening/Recovery.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { GapStore } from "../../../src/Log/GapStore.ts"
import { Ingest } from "../../../src/Log/Ingest.ts"
import { InstanceStore } from "../../../src/Log/InstanceStore.ts"
import { sqlError } from "../../Log/Ingest/World.ts"
import { settings } from "../../support/settings.ts"
import { makeEvolution } from "./Evolution.ts"

export const [shop, bar] = [InstanceName.make("shop-1"), InstanceName.make("bar-1")]

/** Start of a test in seconds since 1970 UTC, and a time that many seconds after it. */
export const start = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000
export const at = (seconds: number) => DateTime.unsafeMake((start + seconds) * 1000)

export interface Settings {
  readonly limit?: number
  /** Phone of the instances; `null` if they were never paired. */
  readonly phone?: string | null
  readonly seed?: number
}

export const makeWorld = ({ limit = 10_000, phone = "5511999990001", seed = 1 }: Settings = {}) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(start * 1000)
    const evolution = makeEvolution(seed)
    const log: Array<EvolutionEvent> = []
    const snapshots: Array<EvolutionEvent> = []
    const database = yield* Effect.makeLatch(true)
    const world = {
      logFails: undefined as SqlError.SqlError | undefined,
      offsets: { evolution: null, whatsapp: null } as Offsets
    }
    const record: InstanceRecord = {
      ...nothingObserved,
      name: shop,
      desired: "listening",
      desiredAt: at(0),
      profile: { ...nothingObserved.profile, phone }
    }
    const gaps = (instance: string = shop) =>
      log.flatMap(({ gap }) => (gap?.instance === instance ? [gap] : []))
    const doubles = Layer.mergeAll(
      Layer.mock(EventStore, {
        append: ({ events }) =>
          Effect.zipRight(
            database.await,
            Effect.suspend(() =>
              events.some(({ json }) => String(json).includes("poison"))
                ? sqlError("22P05")
                : Effect.succeed(
                    events.map((event) => {
                      ;(event.origin === "snapshot" ? snapshots : log).push(event)
                      return log.length + snapshots.length
                    })
                  )
            )
          ),
        unheard: (messages) =>
          Effect.sync(() => {
            const heard = new Set(messagesIn(log, messages[0]?.instance ?? "").map(({ id }) => id))
            return messages.filter(({ json }) => !heard.has(keyOf(String(json)).id))
          }),
        phonesOf: (instance, hidden) =>
          Effect.sync(() =>
            hidden.flatMap(({ id, lid }) => {
              const twin = messagesIn(log, instance).find((message) => message.id === id)
              return twin?.chat.endsWith("@s.whatsapp.net") ? [[lid, twin.chat] as const] : []
            })
          ),
        messagesAround: (instance, from, to) =>
          Effect.suspend(() => {
            if (world.logFails !== undefined) return Effect.fail(world.logFails)
            const live = messagesIn(log, instance).filter(({ origin }) => origin === "live")
            const ids = (side: typeof live) =>
              side.slice(0, 2).map(({ heardAt, id, instanceId, seconds }) => ({
                id,
                at: heardAt,
                sentAt: (start + seconds) * 1000,
                instanceId
              }))
            return Effect.succeed({
              before: ids(live.filter(({ heardAt }) => heardAt <= from.epochMillis).reverse()),
              after: ids(live.filter(({ heardAt }) => heardAt >= to.epochMillis))
            })
          }),
        lastId: Effect.succeed(0)
      }),
      Layer.mock(GapStore, {
        unfinished: Effect.succeed([]),
        lost: Effect.succeed([]),
        imported: Effect.succeed([]),
        limited: () => Effect.succeed([]),
        lostFor: (instance, reason) =>
          Effect.sync(() =>
            [...new Map(gaps(instance).map((gap) => [gap.id, gap])).values()].filter(
              (gap) => gap.reason === reason
            )
          ),
        lastHeartbeat: Effect.succeed(undefined),
        // No test here reads the heartbeat, and its loop would wake every 5 s.
        heartbeat: () => Effect.never,
        markStopped: Effect.void
      }),
      Layer.mock(InstanceStore, {
        get: () => record,
        lastEvent: () => null,
        all: Effect.succeed([]),
        applyCommitted: () => undefined
      }),
      Layer.succeed(Clocks, { offsets: Effect.sync(() => ({ ...world.offsets })) }),
      Layer.mock(EventSource, { mode: "global", isShared: true, heard: Effect.succeed(undefined) }),
      evolution.layer
    )
    const context = yield* Layer.build(
      Recovery.layer.pipe(
        Layer.provideMerge(GapLedger.layer),
        Layer.provideMerge(Ingest.layer),
        Layer.provideMerge(EventBus.layer),
        Layer.provide(doubles),
        Layer.provide(settings({ BACKFILL_LIMIT: `${limit}` }))
      )
    )
    const ledger = Context.get(context, GapLedger)
    const ingest = Context.get(context, Ingest)
    const recovery = Context.get(context, Recovery)
    return Object.assign(world, {
      /** While this latch is closed, nothing is committed; a poison message never is. */
      database,
      evolution,
      ledger,
      /** Events of the log, without those of snapshots. */
      log,
      snapshots,
      /** Records a gap between two seconds of the test; the clock then stands at its end. */
      gap: (from: number, to: number, instance = shop) =>
        Effect.gen(function* () {
          yield* TestClock.setTime((start + to) * 1000)
          yield* ledger.open(instance, (start + from) * 1000, "connection_lost")
          yield* ledger.close(instance)
        }),
      /** Receives messages over the socket, by a clock that is `ahead` of their timestamps, in s. */
      hears: (rows: ReadonlyArray<FoundMessage>, instance = shop, ahead = 0) =>
        Effect.zipRight(
          ingest.receive(
            rows.map(({ id: _row, MessageUpdate: _updates, ...data }) => ({
              name: "messages.upsert",
              payload: { event: "messages.upsert", instance, data },
              receivedAt: (data.messageTimestamp + ahead) * 1000
            })),
            "live"
          ),
          settle
        ),
      recovery,
      /** Forks a recovery, which runs until it is interrupted. */
      backfill: (instance = shop) =>
        Effect.tap(Effect.fork(recovery.recover(instance)), Effect.yieldNow()),
      /** True when no gap is left for back-fill to try. */
      isDone: (instance = shop) => ledger.pending(instance).length === 0,
      /** Messages of the log, in log order. */
      messages: (instance = shop) => messagesIn(log, instance),
      gaps,
      /** Last logged state of the gap that was logged last. */
      verdict: (instance = shop): Gap | undefined => gaps(instance).at(-1)
    })
  })
export type World = Effect.Effect.Success<ReturnType<typeof makeWorld>>

const keyOf = (json: string): { readonly id: string; readonly remoteJid: string } =>
  JSON.parse(json).key

const messagesIn = (log: ReadonlyArray<EvolutionEvent>, instance: string) =>
  log
    .filter((event) => event.instance === instance && event.event === "messages.upsert")
    .map(({ json, origin, receivedAt }) => ({
      id: keyOf(String(json)).id,
      chat: keyOf(String(json)).remoteJid,
      origin,
      heardAt: receivedAt,
      instanceId: JSON.parse(String(json)).instanceId ?? null,
      /** Timestamp of the message, in seconds since the start of the test. */
      seconds: JSON.parse(String(json)).messageTimestamp - start
    }))

/** Lets every other fiber run until it needs the clock. */
export const settle = Effect.replicateEffect(Effect.yieldNow(), 100)
