import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, PubSub, Stream, TestClock } from "effect"
import { InstanceName, type InstanceRecord, nothingObserved } from "../../src/Domain/Instance.ts"
import * as State from "../../src/Domain/ListenerState.ts"
import { EvolutionClient } from "../../src/Evolution/EvolutionClient.ts"
import { Instances } from "../../src/Instances/Instances.ts"
import { GapLedger } from "../../src/Listening/GapLedger.ts"
import { ListenerRegistry, type StateChange } from "../../src/Listening/ListenerRegistry.ts"
import { Recovery } from "../../src/Listening/Recovery.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { GapStore } from "../../src/Log/GapStore.ts"
import { InstanceStore } from "../../src/Log/InstanceStore.ts"
import { Purge } from "../../src/Log/Purge.ts"
import { discoveryOf, ingestOf, proofOf } from "../support/doubles.ts"

const name = InstanceName.make("shop-1")
const at = DateTime.unsafeMake(0)
const record: InstanceRecord = {
  ...nothingObserved,
  name,
  desired: "listening",
  desiredAt: at
}

const houseOf = (
  registry: Partial<ListenerRegistry["Type"]>,
  store: Pick<InstanceStore["Type"], "get">,
  client: Partial<EvolutionClient["Type"]> = {}
) =>
  Effect.provide(
    Instances.layer.pipe(
      Layer.provide([
        Layer.mock(ListenerRegistry, registry),
        Layer.mock(InstanceStore, {
          lastEvent: () => null,
          applyCommitted: () => undefined,
          ...store
        }),
        Layer.mock(EvolutionClient, client),
        Layer.mock(GapLedger, {
          pending: () => [],
          forgetUnrecovered: () => undefined,
          summary: () => ({ open: null, unrecovered: 0 })
        }),
        Layer.mock(GapStore, {}),
        Layer.mock(Recovery, {}),
        discoveryOf(),
        proofOf(),
        Layer.mock(EventBus, {
          recent: () => [],
          isLate: () => false,
          isOurs: () => true,
          purgedUntil: () => 0,
          announcePurged: () => undefined,
          foldPurged: () => undefined
        }),
        Layer.mock(EventStore, {}),
        Layer.mock(Purge, {}),
        ingestOf({})
      ])
    )
  )

describe("Instances", () => {
  it.scoped("fails to start an instance that is deleted meanwhile, with InstanceNotFound", () => {
    let known: InstanceRecord | undefined
    return Effect.gen(function* () {
      const instances = yield* Instances
      const error = yield* Effect.flip(instances.start(name))
      expect(error).toMatchObject({ _tag: "InstanceNotFound", instance: name })
    }).pipe(
      houseOf(
        // A deletion follows at once.
        {
          start: () => Effect.sync(() => (known = undefined)),
          status: () => Effect.succeed(State.stopped(at))
        },
        { get: () => known },
        { connectionState: () => Effect.succeed("open") }
      )
    )
  })

  it.scoped("creates an instance as soon as its first attempt to listen has an outcome", () =>
    Effect.gen(function* () {
      const changes = yield* PubSub.unbounded<StateChange>()
      let state: State.ListenerState = State.connecting(State.stopped(at), at)
      let [asked, created] = [0, 0]
      yield* Effect.gen(function* () {
        const instances = yield* Instances
        const creating = yield* Effect.fork(
          instances.create({ name, integration: "WHATSAPP-BAILEYS" })
        )
        yield* TestClock.adjust("900 millis")
        // The listener's state is read when it changes, and once a second; not in between.
        expect([asked, created]).toEqual([1, 0])
        state = State.listening(state, at)
        yield* PubSub.publish(changes, { name, state })
        yield* creating
        expect(created).toBe(1)
      }).pipe(
        houseOf(
          {
            start: () => Effect.void,
            status: () =>
              Effect.sync(() => {
                asked++
                return state
              }),
            changes: Stream.fromPubSub(changes)
          },
          { get: () => record },
          { create: () => Effect.sync(() => void created++) }
        )
      )
    })
  )
})
