/** Discovery on a virtual clock: Evolution's list is what a test says, the rest is real but for the database. */
import { Clock, Context, DateTime, Effect, Either, Layer, TestClock } from "effect"
import { decode } from "../../../src/Domain/Event.ts"
import { type EvolutionError, InstanceNotFound } from "../../../src/Domain/EvolutionError.ts"
import {
  type Desired,
  InstanceName,
  type InstanceRecord,
  nothingObserved
} from "../../../src/Domain/Instance.ts"
import { observe } from "../../../src/Domain/Projection.ts"
import * as Scrub from "../../../src/Domain/Scrub.ts"
import { EvolutionClient, type InstanceRow } from "../../../src/Evolution/EvolutionClient.ts"
import { Discovery } from "../../../src/Listening/Discovery.ts"
import { ingestOf, instancesOf, sourceOf } from "../../support/doubles.ts"

/** A row of Evolution's list. */
export const row = (name: string, known: Partial<InstanceRow> = {}): InstanceRow => ({
  name,
  id: `id-of-${name}`,
  integration: "WHATSAPP-BAILEYS",
  createdAt: "2026-11-23T16:41:17.884Z",
  connectionStatus: "open",
  ownerJid: "5511999990001@s.whatsapp.net",
  profileName: "Loja",
  profilePicUrl: "https://p/1",
  ...known
})

/** A world whose Evolution has these rows. */
export const discovering = (rows: ReadonlyArray<InstanceRow>) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(1_000_000)
    const records = new Map<string, InstanceRecord>()
    const world = {
      records,
      rows,
      /** The failure of the next questions for the list. */
      failure: undefined as EvolutionError | undefined,
      /** Answers to questions about one instance's state; without one, Evolution knows those in its list. */
      state: new Map<string, Effect.Effect<"open" | "connecting" | "close", EvolutionError>>(),
      /** Times of the questions for the list, ms. */
      asked: [] as Array<number>,
      askedFor: [] as Array<string>,
      /** Events that came into the log: instance, name, data. */
      told: [] as Array<readonly [string, string, unknown]>,
      heard: (_: string): void => undefined,
      wish: (name: string, desired: Desired) =>
        Effect.sync(() => {
          const known = records.get(name) ?? {
            ...nothingObserved,
            desiredAt: DateTime.unsafeMake(0)
          }
          records.set(name, { ...known, name: InstanceName.make(name), desired })
        }),
      /** An event of an instance that comes now. */
      happens: (instance: string, event: string, data: unknown) =>
        Effect.map(Clock.currentTimeMillis, (receivedAt) => {
          const raw = { name: event, payload: { event, instance, data }, receivedAt }
          const decoded = Either.getOrThrow(decode(raw, "live", Scrub.unconfigured))
          const record = records.get(instance)
          if (record !== undefined)
            records.set(instance, { ...record, ...observe(record, decoded) })
        })
    }
    const doubles = Layer.mergeAll(
      Layer.mock(EvolutionClient, {
        fetchInstances: () =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            world.asked.push(now)
            return world.failure === undefined
              ? Effect.succeed(world.rows)
              : Effect.fail(world.failure)
          }),
        connectionState: (name) => {
          world.askedFor.push(name)
          const known = world.rows.some((one) => one.name === name)
          const otherwise = known
            ? Effect.succeed("open" as const)
            : Effect.fail(new InstanceNotFound({ message: "does not exist", instance: name }))
          return world.state.get(name) ?? otherwise
        }
      }),
      instancesOf({
        get: (name) => records.get(name),
        all: Effect.sync(() => [...records.values()]),
        add: (names, at) =>
          Effect.sync(() => {
            const desiredAt = DateTime.unsafeMake(at)
            for (const name of names)
              if (!records.has(name))
                records.set(name, { ...nothingObserved, name, desired: "unset", desiredAt })
          })
      }),
      ingestOf({
        receive: (events, origin) =>
          Effect.sync(() => {
            for (const raw of events) {
              const event = Either.getOrThrow(decode(raw, origin, Scrub.unconfigured))
              world.told.push([event.instance, event.event, JSON.parse(String(event.json))])
              const record = records.get(event.instance)
              if (record !== undefined)
                records.set(event.instance, { ...record, ...observe(record, event) })
            }
          })
      }),
      sourceOf({
        watchIgnored: (watcher) =>
          Effect.sync(() => {
            world.heard = watcher
          })
      })
    )
    const discovery = Context.get(
      yield* Layer.build(Layer.provide(Discovery.layer, doubles)),
      Discovery
    )
    yield* TestClock.adjust(0)
    return Object.assign(world, { discovery })
  })

/** The state of an instance and the one who is linked, in short. */
export const short = (record: InstanceRecord | undefined) =>
  record && {
    state: record.whatsapp?.state ?? null,
    phone: record.profile.phone,
    id: record.evolution?.id ?? null
  }
