/** A numbered stream of events of a simulated Evolution, read through a source. */
import { Chunk, Clock, Deferred, Effect, Predicate, TestClock, TestServices } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import type { LinkError } from "../../../src/Domain/LinkError.ts"
import type { EventSource, Subscription } from "../../../src/Evolution/EventSource.ts"
import type { Settings } from "../../../src/Testing/mod.ts"
import {
  awake,
  type Backend,
  dataOf,
  eventually,
  ignored,
  oneByOne,
  simulated,
  sourceOf,
  turn
} from "./support.ts"

export const one = InstanceName.make("shop-1")
/** A source whose one instance is read. While `goesOn` is shut, the reader is stuck in an event. */
export const listened = Effect.fn(function* (backend: Backend, settings: Partial<Settings> = {}) {
  const simulator = yield* simulated(settings)
  yield* awake(simulator, one)
  const source = yield* sourceOf(backend, simulator)
  const goesOn = yield* Effect.makeLatch(true)
  const read: Array<number> = []
  const opened = yield* Deferred.make<Subscription, LinkError>()
  const session = Effect.gen(function* () {
    const subscription = yield* source.open(one, ignored)
    yield* Deferred.succeed(opened, subscription)
    yield* subscription.run(
      oneByOne((event) =>
        Effect.zipRight(
          Effect.sync(() => read.push(numberOf(event))),
          goesOn.await
        )
      )
    )
  })
  // The link is left when the run ends, as a listener leaves it.
  const reader = yield* Effect.forkScoped(Effect.scoped(session))
  const { heard } = yield* Deferred.await(opened)
  const clock = yield* Effect.clock
  /** Evolution's clock is ours, which is virtual. */
  const timely = () => ({ date_time: new Date(clock.unsafeCurrentTimeMillis()).toISOString() })
  let emitted = 0
  const emit = (padding = "") =>
    simulator.emit(one, "messages.upsert", { number: ++emitted, padding }, timely())
  const emitting = Effect.forever(Effect.zipRight(Effect.sync(emit), turn))
  /** Compares the events read with those emitted, once all are read or no more arrive. */
  const faults = Effect.gen(function* () {
    for (let still = 0, before = -1; still < 100; before = read.length) {
      if (new Set(read).size >= emitted) break
      still = before === read.length ? still + 1 : 0
      yield* pause
    }
    const seen = new Set(read)
    const missing = Array.from({ length: emitted }, (_, n) => n + 1).filter((n) => !seen.has(n))
    const isInOrder = read.every((n, index) => index === 0 || n >= (read[index - 1] ?? 0))
    return { missing: missing.length, repeated: read.length - seen.size, isInOrder }
  })
  const more = Effect.suspend(() => {
    const before = read.length
    return eventually(() => read.length > before + 10)
  })
  return { emit, emitting, faults, goesOn, more, heard, read, reader, simulator, source }
})

/** The result of `faults` when every event was read once and in order. */
export const noFaults = { missing: 0, repeated: 0, isInOrder: true }

/** Begins a renewal; succeeds when the two seconds run in which both connections are up. */
export const renewing = (source: typeof EventSource.Service) =>
  Effect.gen(function* () {
    const end = (yield* Clock.currentTimeMillis) + 2000
    const due = Effect.map(
      TestClock.sleeps(),
      Chunk.filter((at) => at === end)
    )
    const before = Chunk.size(yield* due)
    const fiber = yield* Effect.fork(source.renew(one))
    while (Chunk.size(yield* due) === before) yield* turn
    return fiber
  })

const numberOf = (event: RawEvent): number => {
  const data = dataOf(event)
  return Predicate.hasProperty(data, "number") ? Number(data.number) : Number.NaN
}

/** A moment of real time, for frames on a real socket. */
const pause = TestServices.provideLive(Effect.sleep("5 millis"))

/** Lets virtual time pass along with real time, for frames on a real socket. */
export const clockRuns = Effect.forkScoped(
  Effect.forever(Effect.zipRight(pause, TestClock.adjust("100 millis")))
)
