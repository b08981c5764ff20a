/** The real ledger over doubles: an Ingest that a test may block, and a database that a test fills. */
import type { SqlError } from "@effect/sql"
import { Context, DateTime, Effect, Exit, Layer, Scope, TestClock } from "effect"
import * as Settings from "../../../src/AppConfig/Settings.ts"
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

/** Start of a test in ms since 1970 UTC, and a time that many seconds after it. */
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

/** An open gap as the database stores it. */
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

/** State that an earlier service left in the database. */
export interface Left {
  readonly instances?: ReadonlyArray<InstanceRecord>
  /** Last event of every instance. */
  readonly lastEvent?: LastEvent
  readonly unfinished?: ReadonlyArray<Gap.Gap>
  readonly lost?: ReadonlyArray<readonly [string, number]>
  /** Instances of which messages were imported. */
  readonly imported?: ReadonlyArray<string>
  readonly lastHeartbeat?: Heartbeat
  /** Gaps that a limit ended. */
  readonly limited?: ReadonlyArray<Gap.Lost>
}

export const makeWorld = (
  {
    imported = [],
    instances = [],
    lastHeartbeat,
    lastEvent,
    limited = [],
    lost = [],
    unfinished = []
  }: Left = {},
  { isShut = false } = {}
) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(start)
    const noted: Array<EvolutionEvent> = []
    const isOpen = yield* Effect.makeLatch(!isShut)
    const room = yield* Effect.makeLatch(true)
    let restored = false
    const world = {
      /** The instances as they are once the ledger has restored itself. */
      instances: [wanted()] as ReadonlyArray<InstanceRecord>,
      /** While this latch is closed, Ingest accepts no event. */
      room,
      /** Events that Ingest accepted (`taken`), and those of them that are committed (`noted`). */
      taken: [] as EvolutionEvent[],
      noted,
      /** Committed gap states, in order. */
      gaps: () => noted.flatMap(({ gap }) => (gap === undefined ? [] : [gap])),
      /** Runs before Ingest accepts an event; it may die. */
      beforeAppend: Effect.void as Effect.Effect<void>,
      /** While this latch is closed, nothing is committed. */
      ingest: isOpen,
      beats: [] as number[],
      /** Time up to which all links have heard, in ms since 1970 UTC. */
      heard: undefined as number | undefined,
      /** Time up to which Ingest has committed, in ms since 1970 UTC; `undefined` is now. */
      settled: undefined as number | undefined,
      /** Number of statements whose outcome Ingest has observed. */
      besides: 0,
      beatFails: undefined as SqlError.SqlError | undefined
    }
    const doubles = Layer.mergeAll(
      Layer.mock(GapStore, {
        unfinished: Effect.succeed(unfinished),
        lost: Effect.succeed(lost),
        imported: Effect.succeed(imported),
        limited: (below) => Effect.succeed(limited.filter(({ fetched }) => fetched < below)),
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
        // The ledger restores itself from what was left; the rest of the time some instance is listened to.
        all: Effect.sync(() => {
          const now = restored ? world.instances : instances
          restored = true
          return now
        }),
        get: () => undefined,
        lastEvent: () => lastEvent ?? null,
        applyCommitted: () => undefined
      }),
      Layer.mock(EventSource, {
        mode: "global",
        isShared: true,
        heard: Effect.sync(() => world.heard)
      })
    )
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    const context = yield* Layer.buildWithScope(
      GapLedger.layer.pipe(Layer.provide(doubles), Layer.provide(Settings.layerFromEnv)),
      scope
    )
    yield* settle
    return Object.assign(world, {
      ledger: Context.get(context, GapLedger),
      close: Scope.close(scope, Exit.void)
    })
  })
export type World = Effect.Effect.Success<ReturnType<typeof makeWorld>>

/** Lets every other fiber run until it needs the clock. */
export const settle = Effect.replicateEffect(Effect.yieldNow(), 100)
