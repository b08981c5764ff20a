/** `StateWatch` over doubles: Evolution's answers, the stored states, and a record of all queries. */
import { randomUUID } from "node:crypto"
import { Clock, DateTime, Effect, Layer, Metric, Stream, TestClock } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import { settingsNames } from "../../../src/Domain/EventName.ts"
import {
  type EvolutionError,
  InstanceNotFound,
  type KeyRefused
} from "../../../src/Domain/EvolutionError.ts"
import { type Gap, type GapCause, opened } from "../../../src/Domain/Gap.ts"
import { InstanceName, nothingObserved, type WhatsAppState } from "../../../src/Domain/Instance.ts"
import * as State from "../../../src/Domain/ListenerState.ts"
import type { MemoryState, WebSocketSettings } from "../../../src/Evolution/EvolutionClient/Body.ts"
import { EvolutionClient } from "../../../src/Evolution/EvolutionClient.ts"
import { ListenerRegistry } from "../../../src/Listening/ListenerRegistry.ts"
import { Recovery } from "../../../src/Listening/Recovery.ts"
import * as StateWatch from "../../../src/Listening/StateWatch.ts"
import * as Metrics from "../../../src/Telemetry/Metrics.ts"
import { instancesOf, ledgerOf, sourceOf } from "../../support/doubles.ts"

export const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]

/** Subscription to all events as Evolution 2.3 stores it: it does not know two of our names. */
export const everything: WebSocketSettings = {
  enabled: true,
  events: settingsNames.filter(
    (name) => name !== "GROUPS_UPDATE" && name !== "MESSAGING_HISTORY_SET"
  )
}

export interface Asked {
  readonly at: number
  readonly what: "state" | "snapshot" | "settings" | "set"
  readonly name: string
}

/** All instances listen, are `open` and have every event, until the test changes that. */
export const watched = (
  names: ReadonlyArray<InstanceName>,
  isShared = true,
  source = sourceOf({ isShared })
) =>
  Effect.gen(function* () {
    const began = yield* DateTime.now
    const listening = State.listening(State.stopped(began), began)
    let asking = 0
    const gaps = new Map<string, Gap>()
    const world = {
      names,
      states: new Map<string, State.ListenerState>(),
      known: new Map<string, WhatsAppState | undefined>(names.map((name) => [name, "open"])),
      /** Evolution's answer about a state; the effect may fail, die, or take time. */
      said: new Map<string, Effect.Effect<MemoryState, EvolutionError>>(),
      snapshot: (name: string): Effect.Effect<ReadonlyArray<RawEvent>, KeyRefused> =>
        Effect.succeed([event(name, { state: "close" })]),
      settings: new Map<string, WebSocketSettings | null>(names.map((name) => [name, everything])),
      /** Runs before each answer about settings. */
      beforeSettings: Effect.void as Effect.Effect<void>,
      /** Time of the start command for all instances. */
      wishedAt: began,
      /** Names that Evolution does not have. */
      unknown: new Set<string>(),
      /** Error of every request for a subscription; `undefined` grants it. */
      refusal: undefined as EvolutionError | undefined,
      /** Settings that Evolution stores for a subscription to all events. */
      granted: everything as WebSocketSettings | null,
      asked: [] as Array<Asked>,
      mostAsking: 0,
      /** Instances whose recovery was woken. */
      woken: [] as Array<string>,
      ingested: [] as Array<readonly [string, unknown]>,
      wanted: [] as Array<readonly [string, ReadonlyArray<string>]>,
      /** Calls of the ledger, in order; times in ms. */
      ledger: [] as Array<readonly ["open", string, number, GapCause] | readonly ["close", string]>,
      askedFor: (what: Asked["what"]) => world.asked.filter((one) => one.what === what).length
    }
    const ask = <A, E>(what: Asked["what"], name: string, answer: () => Effect.Effect<A, E>) =>
      Effect.gen(function* () {
        world.asked.push({ at: yield* Clock.currentTimeMillis, what, name })
        world.mostAsking = Math.max(world.mostAsking, ++asking)
        return yield* answer()
      }).pipe(Effect.ensuring(Effect.sync(() => asking--)))
    /** Evolution's answer, or `InstanceNotFound` for an unknown instance. */
    const askEvolution = <A>(
      what: Asked["what"],
      name: string,
      answer: () => Effect.Effect<A, EvolutionError>
    ): Effect.Effect<A, EvolutionError> =>
      ask(what, name, () => (world.unknown.has(name) ? absent(name) : answer()))

    const client = Layer.mock(EvolutionClient, {
      connectionState: (name) =>
        askEvolution("state", name, () => world.said.get(name) ?? Effect.succeed("open")),
      findWebSocket: (name) =>
        askEvolution("settings", name, () =>
          Effect.map(world.beforeSettings, () => world.settings.get(name) ?? null)
        ),
      setWebSocket: (name, events) =>
        askEvolution("set", name, () => {
          world.wanted.push([name, events])
          if (world.refusal !== undefined) return Effect.fail(world.refusal)
          world.settings.set(name, world.granted)
          return Effect.void
        })
    })
    const instances = instancesOf({
      get: (name) => {
        const state = world.known.get(name)
        const whatsapp =
          state === undefined ? null : { state, reason: null, origin: "live" as const, at: began }
        const desiredAt = world.wishedAt
        return { ...nothingObserved, name: one, desired: "listening", desiredAt, whatsapp }
      }
    })
    const registry = Layer.mock(ListenerRegistry, {
      changes: Stream.never,
      status: (name) => Effect.sync(() => world.states.get(name) ?? listening),
      all: Effect.sync(() =>
        world.names.map((name) => ({ name, state: world.states.get(name) ?? listening }))
      )
    })
    const doubles = Layer.mergeAll(
      client,
      instances,
      registry,
      Layer.mock(Recovery, {
        // As the real one, it passes the answer to Ingest.
        snapshot: (name) =>
          Effect.map(
            ask("snapshot", name, () => world.snapshot(name)),
            (events) => {
              for (const event of events) world.ingested.push(["snapshot", event.payload])
            }
          ),
        wake: (name) =>
          Effect.sync(() => {
            world.woken.push(name)
          })
      }),
      ledgerOf({
        open: (instance, from, cause) =>
          Effect.sync(() => {
            world.ledger.push(["open", instance, from, cause])
            const id = randomUUID()
            gaps.set(instance, opened({ id, instance, from: DateTime.unsafeMake(from), cause }))
          }),
        close: (instance) =>
          Effect.sync(() => {
            world.ledger.push(["close", instance])
            gaps.delete(instance)
          }),
        summary: (instance) => ({ open: gaps.get(instance) ?? null, unrecovered: 0 })
      }),
      source
    )
    const drifted = Effect.all([
      Metric.value(Metrics.statesDrifted),
      Metric.value(Metrics.subscriptionsDrifted)
    ])
    const [states, subscriptions] = yield* drifted
    yield* Layer.build(Layer.provide(StateWatch.layer, doubles))
    yield* TestClock.adjust(0)
    /** Numbers of drifted states and drifted subscriptions since the start. */
    const counted = Effect.map(drifted, ([ofStates, ofSubscriptions]) => [
      ofStates.count - states.count,
      ofSubscriptions.count - subscriptions.count
    ])
    /** Opens a gap of the instance in the ledger, as another part of the service would. */
    const misses = (instance: InstanceName, cause: GapCause) =>
      Effect.sync(() =>
        gaps.set(instance, opened({ id: randomUUID(), instance, from: began, cause }))
      )
    return Object.assign(world, { counted, misses })
  })

export const event = (name: string, data: object): RawEvent => ({
  name: "connection.update",
  payload: { event: "connection.update", instance: name, data },
  receivedAt: 0
})

/** Evolution's answer about an instance that it does not have. */
const absent = (name: string) =>
  new InstanceNotFound({ message: `Evolution has no instance "${name}"`, instance: name })
