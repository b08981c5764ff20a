import { SqlClient } from "@effect/sql"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@effect/vitest"
import {
  Clock,
  Context,
  Effect,
  Exit,
  Layer,
  ManagedRuntime,
  Scope,
  TestClock,
  TestServices
} from "effect"
import * as Gap from "../../../src/Domain/Gap.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import { GapLedger } from "../../../src/Listening/GapLedger.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { GapStore } from "../../../src/Log/GapStore.ts"
import { Ingest } from "../../../src/Log/Ingest.ts"
import { InstanceStore } from "../../../src/Log/InstanceStore.ts"
import { databases } from "../../support/databases.ts"
import { settings } from "../../support/settings.ts"
import { at, bar, millis, shop, start } from "./World.ts"

/** Repeats the query on the real clock until its answer is as expected. */
const eventually = <A, E>(
  question: Effect.Effect<A, E>,
  isExpected: (answer: A) => boolean
): Effect.Effect<A, E> =>
  Effect.flatMap(question, (answer) =>
    isExpected(answer)
      ? Effect.succeed(answer)
      : Effect.zipRight(
          TestServices.provideLive(Effect.sleep("10 millis")),
          eventually(question, isExpected)
        )
  )

describe.each(databases)("The ledger, restarted on %s,", (_name, database) => {
  const runtime = ManagedRuntime.make(database)
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  beforeEach(() =>
    runtime.runPromise(
      Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`
          with gone as (delete from gaps), forgotten as (delete from instances)
          update servers set heard_at = default, stopped = default`
      )
    )
  )
  afterAll(() => runtime.dispose(), 30_000)

  /** A running service; one that a test never stops stands for a killed one. */
  const service = Effect.gen(function* () {
    if ((yield* Clock.currentTimeMillis) === 0) yield* TestClock.setTime(start)
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    const context = yield* GapLedger.layer.pipe(
      Layer.provideMerge(Ingest.layer),
      Layer.provideMerge(EventBus.layer),
      Layer.provideMerge(Layer.mergeAll(EventStore.layer, GapStore.layer, InstanceStore.layer)),
      Layer.provide(
        Layer.mock(EventSource, {
          mode: "global",
          isShared: true,
          heard: Effect.succeed(undefined)
        })
      ),
      Layer.provide(settings({})),
      Layer.provide(
        Layer.effectContext(Effect.map(runtime.runtimeEffect, ({ context }) => context))
      ),
      Layer.buildWithScope(scope)
    )
    const store = Context.get(context, GapStore)
    const ledger = Context.get(context, GapLedger)
    return {
      ledger,
      store,
      instances: Context.get(context, InstanceStore),
      log: Context.get(context, EventStore),
      stop: Scope.close(scope, Exit.void),
      /** Waits until the newest gap of the instance is in the database as the ledger has it. */
      isCommitted: Effect.gen(function* () {
        const newest = ledger.summary(shop).open ?? ledger.pending(shop).at(-1)
        const [row] = yield* eventually(
          store.list(shop, 1),
          ([found]) => found?.id === newest?.id && (found?.to === null) === (newest?.to === null)
        )
        expect(row).toEqual(newest)
      })
    }
  })

  const gapOf = (ledger: GapLedger["Type"], from: number, to: number) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(millis(to))
      yield* ledger.open(shop, millis(from), "connection_lost")
      yield* ledger.close(shop)
      return ledger.pending(shop).at(-1) ?? (yield* Effect.dieMessage("There is no gap"))
    })

  it.scoped("has the pending gaps and the counts of the service before", () =>
    Effect.gen(function* () {
      const { instances, ledger, log, stop, store } = yield* service
      yield* instances.desire(shop, "listening", at(-3600))
      yield* instances.desire(bar, "stopped", at(-3600))
      const [first, second, third, fourth] = [
        yield* gapOf(ledger, 0, 1),
        yield* gapOf(ledger, 10, 11),
        yield* gapOf(ledger, 20, 21),
        yield* gapOf(ledger, 30, 31)
      ]
      const later = Gap.retrying(Gap.progressed(third, 7, at(20)), "not yet", at(90))
      const told = [fourth, later, Gap.lost(second, "not_stored", "given up"), Gap.recovered(first)]
      for (const gap of told.slice(1)) yield* ledger.update(gap)
      expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 3 })
      yield* TestClock.setTime(millis(60))
      yield* stop

      const again = yield* service
      const { open, unrecovered } = again.ledger.summary(shop)
      expect([open?.cause, open?.to, unrecovered]).toEqual(["service_stopped", null, 3])
      expect(again.ledger.pending(shop)).toEqual([later, fourth])
      expect(again.ledger.summary(bar)).toEqual({ open: null, unrecovered: 0 })
      yield* again.isCommitted
      expect(yield* store.list(shop, 10)).toEqual([open, ...told])
      const events = yield* log.read({ events: ["gap.updated"], limit: 100 })
      expect(events.every(({ origin }) => origin === "listener")).toBe(true)
    })
  )

  it.scoped("has no gap of a forgotten instance", () =>
    Effect.gen(function* () {
      const { ledger, stop } = yield* service
      const lost = yield* gapOf(ledger, 0, 1)
      yield* gapOf(ledger, 10, 11)
      yield* ledger.update(Gap.lost(lost, "not_stored", "given up"))
      yield* ledger.forget(shop)
      const summary = { open: null, unrecovered: 0 }
      expect(ledger.summary(shop)).toEqual(summary)
      yield* stop
      // A new instance takes the name.
      const again = yield* service
      yield* again.instances.desire(shop, "listening", at(20))
      expect(again.ledger.summary(shop)).toEqual(summary)
    })
  )

  it.scoped("counts a gap that began up to 5 s before the instance was first desired", () =>
    Effect.gen(function* () {
      const { instances, ledger, stop } = yield* service
      yield* instances.desire(shop, "listening", at(0))
      // A gap begins 5 s early because events may be in flight.
      const lost = yield* gapOf(ledger, -3, 2)
      yield* ledger.update(Gap.lost(lost, "not_stored", "given up"))
      yield* instances.desire(shop, "stopped", at(2))
      yield* stop
      const again = yield* service
      expect(again.ledger.summary(shop)).toEqual({ open: null, unrecovered: 1 })
    })
  )

  it.scoped("keeps the open gap open after several kills", () =>
    Effect.gen(function* () {
      const { instances, ledger, isCommitted } = yield* service
      yield* instances.desire(shop, "listening", at(-3600))
      yield* ledger.open(shop, millis(-5), "heartbeat_missed")
      yield* isCommitted
      const { open } = ledger.summary(shop)
      for (const seconds of [20, 40]) {
        yield* TestClock.setTime(millis(seconds))
        const { ledger } = yield* service
        expect(ledger.summary(shop)).toEqual({ open, unrecovered: 0 })
      }
      const last = yield* service
      yield* last.ledger.close(shop)
      yield* last.isCommitted
      expect(yield* last.store.list(shop, 9)).toEqual([{ ...open, to: at(40) }])
    })
  )

  it.scoped("opens a gap 5 s before the last heartbeat of a killed service", () =>
    Effect.gen(function* () {
      const { instances, store } = yield* service
      yield* instances.desire(shop, "listening", at(-3600))
      yield* TestClock.setTime(millis(12))
      const lastHeartbeat = yield* eventually(
        store.lastHeartbeat,
        (beat) => beat?.at.epochMillis === millis(10)
      )
      expect(lastHeartbeat).toEqual({ at: at(10), stopped: false })
      yield* TestClock.setTime(millis(13))
      const again = yield* service
      expect(again.ledger.summary(shop)).toMatchObject({
        open: { from: at(5), cause: "service_crashed" },
        unrecovered: 0
      })
    })
  )
})
