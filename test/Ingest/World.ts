/** `Ingest` with a database in memory that does as a test tells it. */
import { SqlError } from "@effect/sql"
import { expect } from "@effect/vitest"
import { Context, DateTime, Effect, Exit, Layer, Scope } from "effect"
import type { EvolutionEvent, QuarantinedEvent, RawEvent } from "../../src/Domain/Event.ts"
import { InstanceName, type InstanceRecord, nothingObserved } from "../../src/Domain/Instance.ts"
import { EventBus } from "../../src/EventBus.ts"
import { EventStore } from "../../src/EventStore.ts"
import * as Ingest from "../../src/Ingest.ts"
import { InstanceStore } from "../../src/InstanceStore.ts"

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

/** A database in memory. `refuse` may say no to a batch; while `open` is shut, it does not answer. */
export const makeWorld = (
  refuse: (batch: Batch) => SqlError.SqlError | undefined = () => undefined
) =>
  Effect.gen(function* () {
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
    const store = EventStore.of({
      append: (batch) =>
        Effect.gen(function* () {
          yield* open.await
          batches.push(batch)
          const error = refuse(batch)
          if (error !== undefined) return yield* error
          quarantined.push(...batch.quarantined)
          return batch.events.map((event) => events.push(event))
        }),
      read: () => Effect.succeed([]),
      lastId: Effect.succeed(0),
      ping: Effect.void
    })
    const instances = InstanceStore.of({
      get: (name) => records.get(name),
      all: Effect.sync(() => [...records.values()]),
      desire: () => Effect.dieMessage("Ingest wants nothing"),
      accept: (changes) => {
        for (const { name, observed } of changes)
          records.set(name, { ...(records.get(name) ?? shop), ...observed })
      },
      forget: () => Effect.void
    })
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    const context = yield* Ingest.Ingest.layer.pipe(
      Layer.provideMerge(EventBus.layer),
      Layer.provide(Layer.succeed(EventStore, store)),
      Layer.provide(Layer.succeed(InstanceStore, instances)),
      Layer.buildWithScope(scope)
    )
    return {
      receive: (raws: Iterable<RawEvent>) =>
        Context.get(context, Ingest.Ingest).receive(raws, "live"),
      bus: Context.get(context, EventBus),
      close: Scope.close(scope, Exit.void),
      shop: () => records.get("shop"),
      data: () => events.map(({ json }) => JSON.parse(json).n),
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

export const isPoison = ({ json }: { readonly json: string | null }) =>
  json?.includes("poison") === true
