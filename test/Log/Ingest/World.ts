/** `Ingest` with a database in memory that does as a test tells it. */

import { SqlError } from "@effect/sql"
import { expect } from "@effect/vitest"
import { Context, DateTime, Effect, Exit, Layer, Scope } from "effect"
import type { EvolutionEvent, QuarantinedEvent, RawEvent } from "../../../src/Domain/Event.ts"
import { InstanceName, type InstanceRecord, nothingObserved } from "../../../src/Domain/Instance.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { GapStore } from "../../../src/Log/GapStore.ts"
import * as Ingest from "../../../src/Log/Ingest.ts"
import { instancesOf, storeOf } from "../../support/doubles.ts"
import { settings } from "../../support/settings.ts"

export const raw = (instance: string, data: unknown, event = "call"): RawEvent => ({
  name: event,
  payload: { event, instance, data },
  receivedAt: 1000
})

export const calls = (count: number, instance = "shop") =>
  Array.from({ length: count }, (_, n) => raw(instance, { n }))

export const undecodable: RawEvent = {
  name: "call",
  payload: { instance: "shop" },
  receivedAt: 1000
}

export const sqlError = (code: string) =>
  new SqlError.SqlError({ cause: Object.assign(new Error(`words of ${code}`), { code }) })

export type Batch = Parameters<EventStore["Type"]["append"]>[0]

/** What tells one message from another. */
const keyOf = ({ instance, json }: EvolutionEvent): string =>
  JSON.stringify([instance, JSON.parse(String(json))?.key])

/** A database in memory. `refuse` may say no to a batch; while `open` is shut, it does not answer. */
export const makeWorld = (
  refuse: (batch: Batch) => Effect.Effect<never, SqlError.SqlError> | undefined = () => undefined,
  variables: Readonly<Record<string, string>> = {},
  publish?: EventBus["Type"]["publish"]
) =>
  Effect.gen(function* () {
    let rests = 0
    /** The name of the event that was accepted last. */
    let last: string | undefined
    const events: Array<EvolutionEvent> = []
    const quarantined: Array<QuarantinedEvent> = []
    const batches: Array<Batch> = []
    const open = yield* Effect.makeLatch(true)
    const shop: InstanceRecord = {
      ...nothingObserved,
      name: InstanceName.make("shop"),
      desired: "listening",
      desiredAt: DateTime.unsafeMake(0)
    }
    const records = new Map<string, InstanceRecord>([["shop", shop]])
    const store = storeOf({
      append: (batch) =>
        Effect.gen(function* () {
          yield* open.await
          batches.push(batch)
          const error = refuse(batch)
          if (error !== undefined) return yield* error
          quarantined.push(...batch.quarantined)
          return batch.events.map((event) => events.push(event))
        }),
      unheard: (messages) =>
        Effect.gen(function* () {
          yield* open.await
          const heard = new Set(events.map(keyOf))
          return messages.filter((message) => !heard.has(keyOf(message)))
        }),
      read: () => Effect.succeed([]),
      lastId: Effect.succeed(0)
    })
    const instances = instancesOf({
      get: (name) => records.get(name),
      all: Effect.sync(() => [...records.values()]),
      applyCommitted: (changes, accepted) => {
        last = accepted.at(-1)?.event ?? last
        for (const { name, observed } of changes)
          records.set(name, { ...(records.get(name) ?? shop), ...observed })
      }
    })
    const gaps = Layer.mock(GapStore, {
      markStopped: Effect.sync(() => {
        rests++
      })
    })
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    const context = yield* Ingest.Ingest.layer.pipe(
      Layer.provideMerge(
        Layer.map(EventBus.layer, (built) =>
          publish === undefined
            ? built
            : Context.make(EventBus, { ...Context.get(built, EventBus), publish })
        )
      ),
      Layer.provide(Layer.succeed(EventStore, store)),
      Layer.provide(Layer.merge(gaps, instances)),
      Layer.provide(settings(variables)),
      Layer.buildWithScope(scope)
    )
    const ingest = Context.get(context, Ingest.Ingest)
    return {
      ingest,
      receive: (raws: Iterable<RawEvent>) => ingest.receive(raws, "live"),
      bus: Context.get(context, EventBus),
      close: Scope.close(scope, Exit.void),
      shop: () => records.get("shop"),
      lastEvent: () => last,
      /** How often it was written down that the service stopped in good order. */
      rests: () => rests,
      data: () => events.map(({ json }) => JSON.parse(String(json)).n),
      batches,
      events,
      open,
      quarantined
    }
  })

/** Turns of the loop, until something is so; a test in which it never is fails here. */
export const until = (condition: () => boolean) =>
  Effect.gen(function* () {
    for (let turn = 0; turn < 5000 && !condition(); turn++) yield* Effect.yieldNow()
    expect(condition()).toBe(true)
  })

export const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

export const isPoison = ({ json }: { readonly json: string }) => json.includes("poison")
