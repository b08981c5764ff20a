/** A ledger over doubles: an ingest that may be shut, and a database that says what a test says. */
import type { SqlError } from "@effect/sql"
import { Context, DateTime, Effect, Exit, Layer, Scope, TestClock } from "effect"
import type { EvolutionEvent } from "../../../src/Domain/Event.ts"
import * as Gap from "../../../src/Domain/Gap.ts"
import {
  InstanceName,
  type InstanceRecord,
  type LastEvent,
  nothingObserved
} from "../../../src/Domain/Instance.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import { GapLedger } from "../../../src/Listening/GapLedger.ts"
import { GapStore, type Heartbeat } from "../../../src/Log/GapStore.ts"
import { Ingest } from "../../../src/Log/Ingest.ts"
import { InstanceStore } from "../../../src/Log/InstanceStore.ts"

export const [shop, bar] = [InstanceName.make("shop-1"), InstanceName.make("bar-1")]

/** When a test begins, and so many seconds later; ms since 1970 UTC. */
export const start = Date.UTC(2026, 0, 2, 3, 4, 5)
export const millis = (seconds: number) => start + seconds * 1000
export const at = (seconds: number) => DateTime.unsafeMake(millis(seconds))

export const wanted = (more: Partial<InstanceRecord> = {}): InstanceRecord => ({
  ...nothingObserved,
  name: shop,
  desired: "listening",
  desiredAt: at(-3600),
  ...more
})

/** A gap as the database may have it. */
export const storedOpen = (from: number, more: Partial<Gap.Open> = {}): Gap.Open => ({
  ...Gap.opened({
    id: crypto.randomUUID(),
    instance: shop,
    from: at(from),
    cause: "heartbeat_missed"
  }),
  ...more
})

export const stored = (from: number, to: number, cause: Gap.GapCause = "heartbeat_missed") =>
  Gap.closed(storedOpen(from, { cause }), at(to))

/** What an earlier service left behind. */
export interface Left {
  readonly instances?: ReadonlyArray<InstanceRecord>
  /** Of each of them. */
  readonly lastEvent?: LastEvent
  readonly unfinished?: ReadonlyArray<Gap.Gap>
  readonly lost?: ReadonlyArray<readonly [string, number]>
  readonly lastHeartbeat?: Heartbeat
}

export const makeWorld = (
  { instances = [], lastHeartbeat, lastEvent, lost = [], unfinished = [] }: Left = {},
  { isShut = false } = {}
) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(start)
    const noted: Array<EvolutionEvent> = []
    const isOpen = yield* Effect.makeLatch(!isShut)
    const room = yield* Effect.makeLatch(true)
    const world = {
      /** While it is shut, nothing is taken in. */
      room,
      /** What ingest took in, and what of it is committed. */
      taken: [] as EvolutionEvent[],
      noted,
      /** What ingest was told of each gap, in order. */
      gaps: () => noted.flatMap(({ gap }) => (gap === undefined ? [] : [gap])),
      /** Runs before Ingest takes an event in; it may die. */
      beforeAppend: Effect.void as Effect.Effect<void>,
      /** While it is shut, nothing is committed. */
      ingest: isOpen,
      beats: [] as number[],
      /** Until when the links have heard; ms since 1970 UTC. */
      heard: undefined as number | undefined,
      /** Until when ingest has committed; `undefined`: all of it. */
      settled: undefined as number | undefined,
      /** How often ingest was told how a statement ended. */
      besides: 0,
      beatFails: undefined as SqlError.SqlError | undefined
    }
    const doubles = Layer.mergeAll(
      Layer.mock(GapStore, {
        unfinished: Effect.succeed(unfinished),
        lost: Effect.succeed(lost),
        lastHeartbeat: Effect.succeed(lastHeartbeat),
        heartbeat: (time) =>
          Effect.suspend(() => {
            if (world.beatFails !== undefined) return world.beatFails
            world.beats.push(DateTime.toEpochMillis(time))
            return Effect.void
          })
      }),
      Layer.mock(Ingest, {
        appendOwn: (events) =>
          Effect.gen(function* () {
            yield* world.beforeAppend
            yield* room.await
            world.taken.push(...events)
            const committed = Effect.zipRight(
              isOpen.await,
              Effect.sync(() => {
                noted.push(...events)
              })
            )
            return { committed }
          }),
        observeStatement: (statement) =>
          Effect.ensuring(
            statement,
            Effect.sync(() => world.besides++)
          ),
        committedUntil: Effect.flatMap(Effect.clock, (clock) =>
          Effect.sync(() => world.settled ?? clock.unsafeCurrentTimeMillis())
        )
      }),
      Layer.mock(InstanceStore, {
        all: Effect.succeed(instances),
        get: () => undefined,
        lastEvent: () => lastEvent ?? null,
        applyCommitted: () => undefined
      }),
      Layer.mock(EventSource, { isShared: true, heard: Effect.sync(() => world.heard) })
    )
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    const context = yield* Layer.buildWithScope(Layer.provide(GapLedger.layer, doubles), scope)
    yield* settle
    return Object.assign(world, {
      ledger: Context.get(context, GapLedger),
      close: Scope.close(scope, Exit.void)
    })
  })
export type World = Effect.Effect.Success<ReturnType<typeof makeWorld>>

/** Lets every other fiber go as far as it can without a clock. */
export const settle = Effect.replicateEffect(Effect.yieldNow(), 100)
