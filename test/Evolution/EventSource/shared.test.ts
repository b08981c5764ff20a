import { describe, expect, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import type { Sink } from "../../../src/Evolution/EventSource/Sink.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"
import { dataOf, ignored, sourceOf } from "./support.ts"

const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]

/** A source at a server that sends many frames at once. */
const started = Effect.gen(function* () {
  let send = (_: ReadonlyArray<string>): void => undefined
  const { url } = yield* scriptedServer((socket) => {
    socket.send(openPacket)
    socket.on("message", (frame) => {
      if (String(frame) === "40") socket.send('40{"sid":"scripted"}')
    })
    send = (frames) => {
      for (const frame of frames) socket.send(frame)
    }
  })
  const source = yield* sourceOf(EventSource.layerGlobal, { url: url.href, apiKey: "any" })
  /** Sends all events at once, so that they are read in one batch. */
  const say = (...events: ReadonlyArray<readonly [instance: string, data: unknown]>) =>
    send(events.map(([instance, data]) => `42${JSON.stringify(["call", { instance, data }])}`))
  return { say, source }
})

/** A sink that records each batch; `over` is done with the event `last`. */
const recording = Effect.gen(function* () {
  const batches: Array<ReadonlyArray<unknown>> = []
  const over = yield* Deferred.make<void>()
  const sink: Sink = (events) => {
    const data = events.map(dataOf)
    batches.push(data)
    return data.includes("last") ? Effect.asVoid(Deferred.succeed(over, undefined)) : Effect.void
  }
  return { batches, over: Deferred.await(over), sink }
})

/** Runs both instances, each with a sink of its own. */
const listenBoth = (source: EventSource["Type"], sinkOfEach: () => Sink) =>
  Effect.forEach([one, two], (name) =>
    Effect.flatMap(source.open(name, ignored), ({ run }) => Effect.forkScoped(run(sinkOfEach())))
  )

describe("a shared link and its sinks", () => {
  it.scoped("events go to one common sink in the order of receipt, in few calls", () =>
    Effect.gen(function* () {
      const { say, source } = yield* started
      const { batches, over, sink } = yield* recording
      yield* listenBoth(source, () => sink)
      yield* Effect.yieldNow()
      say([one, 1], [two, 2], ["stranger", "nobody's"], [one, 3], [two, 4], [one, "last"])
      yield* over
      expect(batches.flat()).toEqual([1, 2, 3, 4, "last"])
      expect(batches.length).toBeLessThan(5)
    })
  )

  it.scoped("events go to several sinks in the order of receipt", () =>
    Effect.gen(function* () {
      const { say, source } = yield* started
      const { batches, over, sink } = yield* recording
      yield* listenBoth(source, () => (events) => sink(events))
      yield* Effect.yieldNow()
      say([one, 1], [one, 2], [two, 3], [one, 4], [two, "last"])
      yield* over
      expect(batches.flat()).toEqual([1, 2, 3, 4, "last"])
      expect(batches.every((batch) => batch.length < 3)).toBe(true)
    })
  )

  it.scoped("buffered events go to the sink before later ones", () =>
    Effect.gen(function* () {
      const { say, source } = yield* started
      const early = yield* source.open(one, ignored)
      const late = yield* source.open(two, ignored)
      const { batches, over, sink } = yield* recording
      const said = yield* recording
      yield* Effect.forkScoped(early.run(said.sink))
      say([two, 1], [two, 2], [one, "last"])
      yield* said.over
      const isTaken = yield* Effect.makeLatch()
      const goesOn = yield* Effect.makeLatch()
      yield* Effect.forkScoped(
        late.run((events) =>
          isTaken.open.pipe(Effect.zipRight(goesOn.await), Effect.zipRight(sink(events)))
        )
      )
      yield* isTaken.await
      say([two, 3], [two, "last"])
      yield* goesOn.open
      yield* over
      expect(batches.flat()).toEqual([1, 2, 3, "last"])
      expect(batches[0]).toEqual([1, 2])
    })
  )

  it.scoped("a batch in the sink's hands is handed on after its listener has left", () =>
    Effect.gen(function* () {
      const { say, source } = yield* started
      const goesOn = yield* Effect.makeLatch()
      const isTaken = yield* Effect.makeLatch()
      const { batches, over, sink } = yield* recording
      const slowly: Sink = (events) =>
        isTaken.open.pipe(Effect.zipRight(goesOn.await), Effect.zipRight(sink(events)))
      const leaving = yield* Scope.make()
      const left = yield* Scope.extend(source.open(one, ignored), leaving)
      const staying = yield* source.open(two, ignored)
      const running = yield* Effect.fork(left.run(slowly))
      yield* Effect.forkScoped(staying.run(slowly))
      yield* Effect.yieldNow()
      say([one, 1])
      yield* isTaken.await
      yield* Fiber.interrupt(running)
      yield* Scope.close(leaving, Exit.void)
      say([one, "too late"], [two, "last"])
      yield* goesOn.open
      yield* over
      expect(batches.flat()).toEqual([1, "last"])
    })
  )

  it.scoped("a bug in the sink ends only the runs whose events met it", () =>
    Effect.gen(function* () {
      const { say, source } = yield* started
      const { batches, over, sink } = yield* recording
      const brittle: Sink = (events) =>
        events.some((event) => dataOf(event) === "poison")
          ? Effect.dieMessage("a bug of ours")
          : sink(events)
      const poisoned = yield* source.open(one, ignored)
      const healthy = yield* source.open(two, ignored)
      const dies = yield* Effect.fork(poisoned.run(brittle))
      const lives = yield* Effect.fork(healthy.run(brittle))
      yield* Effect.yieldNow()
      say([one, "poison"])
      const exit = yield* Fiber.await(dies)
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      say([one, "too late"], [two, "last"])
      yield* over
      expect(batches.flat()).toEqual(["last"])
      expect(lives.unsafePoll()).toBeNull()
    })
  )
})
