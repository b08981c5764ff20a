import { beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Metric, Queue, TestClock } from "effect"
import * as Drift from "../../src/Delivery/Drift.ts"
import * as Handlers from "../../src/Delivery/Handlers.ts"
import * as Metrics from "../../src/Telemetry/Metrics.ts"
import { makeBus } from "../support/handlerBus.ts"
import { makeLines } from "../support/Lines.ts"

const isCounted = (event: string) =>
  Effect.map(Metric.value(Metrics.schemaDrift({ event })), (state) =>
    "count" in state ? Number(state.count) : Number.NaN
  )

let before: Record<string, number> = {}
const names = ["groups.update", "labels.edit", "chats.delete", "connection.update", "gap.updated"]
/** How often each name was counted since the test began; the registry of metrics is the process's. */
const counts = Effect.gen(function* () {
  const all: Record<string, number> = {}
  for (const name of names) {
    const count = (yield* isCounted(name)) - (before[name] ?? 0)
    if (count > 0) all[name] = count
  }
  return all
})
beforeEach(async () => {
  before = {}
  before = await Effect.runPromise(counts)
})

/** A bus, the lines that are logged, and a process that has not told of any drift. */
const world = Effect.gen(function* () {
  const bus = yield* makeBus
  const told = yield* makeLines
  const run = <E>(
    ...layers: ReadonlyArray<Layer.Layer<never, E, Layer.Layer.Success<typeof bus.layer>>>
  ) =>
    Layer.build(
      Layer.mergeAll(Layer.empty, ...layers).pipe(
        Layer.provide(bus.layer),
        Layer.provide(told.layer),
        Layer.provide(Layer.succeed(Drift.Drifts, Drift.make()))
      )
    )
  return { ...bus, lines: told.lines, run }
})
const settled = Effect.replicateEffect(Effect.yieldNow(), 200)

const group = { id: "1@g.us", subject: "Clientes" }
const drifted = [{ subject: "Segredo 5511988887777" }]

describe("An event whose data is not as the catalogue says", () => {
  it.scoped("goes to `onDrift` and not to the handler, and the next event follows", () =>
    Effect.gen(function* () {
      const { publish, run } = yield* world
      const heard = yield* Queue.unbounded<unknown>()
      yield* run(
        Handlers.on("groups.update", ({ data }) => heard.offer(data), {
          onDrift: (event) => heard.offer(event)
        })
      )
      yield* publish("groups.update", drifted)
      yield* publish("groups.update", [group])
      expect(yield* heard.take).toEqual({
        id: 1,
        server: "default",
        instance: "shop",
        event: "groups.update",
        data: drifted,
        paths: ["*.id"],
        receivedAt: 7,
        origin: "live"
      })
      expect(yield* heard.take).toEqual([group])
    })
  )

  it.scoped("is logged once for each name, by its cursor and its places alone", () =>
    Effect.gen(function* () {
      const { lines, publish, run } = yield* world
      yield* run(Handlers.on(["groups.update", "labels.edit"], () => Effect.void))
      yield* publish("groups.update", drifted)
      yield* publish("groups.update", drifted)
      yield* publish("labels.edit", { id: 7 })
      yield* settled
      const line = (id: number, event: string, path: string) => ({
        level: "WARN",
        message:
          `Event ${id}: The data of "${event}" is not as this version knows it, at ${path}. The log has it ` +
          "whole; evolution_listener_schema_drift_total counts others of this name",
        instance: "shop"
      })
      expect(lines).toEqual([line(1, "groups.update", "*.id"), line(3, "labels.edit", "id")])
      expect(yield* counts).toEqual({ "groups.update": 2, "labels.edit": 1 })
    })
  )

  it.scoped("is counted once, however many look at it", () =>
    Effect.gen(function* () {
      const { publish, run } = yield* world
      const handler = Handlers.on("groups.update", () => Effect.void)
      yield* run(
        handler,
        Handlers.on("GROUPS_UPDATE", () => Effect.void),
        Drift.layer
      )
      yield* publish("groups.update", drifted)
      yield* settled
      yield* TestClock.adjust("1 second")
      yield* settled
      expect(yield* counts).toEqual({ "groups.update": 1 })
    })
  )

  it.scoped("is logged with the failure of `onDrift`", () =>
    Effect.gen(function* () {
      const { lines, publish, run } = yield* world
      yield* run(
        Handlers.on("groups.update", () => Effect.void, { onDrift: () => Effect.fail("no") })
      )
      yield* publish("groups.update", drifted)
      yield* settled
      expect(lines.map(({ message }) => message)).toContain(
        'The handler of "groups.update" failed on event 1'
      )
    })
  )
})

describe("The watch for drift", () => {
  it.scoped("counts without a handler, within a second", () =>
    Effect.gen(function* () {
      const { lines, publish, run } = yield* world
      yield* run(Drift.layer)
      yield* settled
      yield* publish("groups.update", drifted)
      yield* publish("chats.delete", ["1"])
      yield* TestClock.adjust("999 millis")
      expect(yield* counts).toEqual({})
      yield* TestClock.adjust("1 millis")
      yield* settled
      expect(yield* counts).toEqual({ "groups.update": 1 })
      expect(lines).toHaveLength(1)
    })
  )

  it.scoped("looks at three events of a name a second", () =>
    Effect.gen(function* () {
      const { publish, run } = yield* world
      yield* run(Drift.layer)
      yield* settled
      for (const _ of [1, 2, 3, 4, 5]) yield* publish("groups.update", drifted)
      yield* publish("labels.edit", { id: 7 })
      yield* TestClock.adjust("1 second")
      yield* settled
      expect(yield* counts).toEqual({ "groups.update": 3, "labels.edit": 1 })
      yield* publish("groups.update", drifted)
      yield* TestClock.adjust("10 seconds")
      yield* settled
      expect(yield* counts).toEqual({ "groups.update": 4, "labels.edit": 1 })
    })
  )

  it.scoped("leaves out an event that is larger than what it reads in a second", () =>
    Effect.gen(function* () {
      const { publish, run } = yield* world
      yield* run(Drift.layer)
      yield* settled
      yield* publish("groups.update", [{ subject: "x".repeat(1024 * 1024) }])
      yield* publish("groups.update", drifted)
      yield* TestClock.adjust("1 second")
      yield* settled
      expect(yield* counts).toEqual({ "groups.update": 1 })
    })
  )

  it.scoped("goes on with the newest events after more came than memory holds", () =>
    Effect.gen(function* () {
      const { publish, run } = yield* world
      yield* run(Drift.layer)
      yield* settled
      for (let count = 0; count < 40; count++) yield* publish("groups.update", drifted)
      yield* TestClock.adjust("1 second")
      yield* settled
      expect(yield* counts).toEqual({})
      yield* publish("groups.update", drifted)
      yield* TestClock.adjust("1 second")
      yield* settled
      expect(yield* counts).toEqual({ "groups.update": 1 })
    })
  )

  it.scoped("passes over events that Ingest has decoded, our own, and names it does not know", () =>
    Effect.gen(function* () {
      const { publish, publishAs, run } = yield* world
      yield* run(Drift.layer)
      yield* settled
      yield* publish("connection.update", { state: "open" })
      yield* publishAs("listener", "gap.updated", { later: true })
      yield* publish("custom.event", {})
      yield* TestClock.adjust("1 second")
      yield* settled
      expect(yield* counts).toEqual({})
    })
  )
})
