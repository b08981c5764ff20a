/** A backlog whose commits a test lets through. */
import { Duration, Effect, Either, Fiber, Option } from "effect"
import type { EvolutionEvent } from "../../../src/Domain/Event.ts"
import * as Backlog from "../../../src/Log/Ingest/Backlog.ts"
import type { Decoded } from "../../../src/Log/Ingest/Item.ts"
import { event } from "../EventStore/batch.ts"

export const taken = (json: string, more: Partial<EvolutionEvent> = {}): Decoded =>
  Either.right(event(json, more))

/** Events that hold about this much of the heap each. */
export const ofKilobytes = (count: number, each = 10) =>
  Array.from({ length: count }, (_, n) =>
    taken(JSON.stringify({ n, text: "x".repeat(each * 1000) }))
  )

/** How much of the bound one event takes up. */
export const bytesOf = (decoded: Decoded) =>
  Effect.gen(function* () {
    const backlog = yield* Backlog.make({ maxAge: Duration.minutes(10), maxBytes: 1 })
    let bytes = 0
    yield* backlog.add(() => [[decoded, undefined]])
    yield* backlog.end
    yield* backlog.drain(([item]) =>
      Effect.sync(() => {
        bytes = item?.bytes ?? 0
      })
    )
    return bytes
  })

export const makeLine = ({
  maxAge = "10 minutes",
  maxBytes = 64 * 1024 * 1024
}: {
  maxAge?: Duration.DurationInput
  maxBytes?: number
} = {}) =>
  Effect.gen(function* () {
    const backlog = yield* Backlog.make({ maxAge: Duration.decode(maxAge), maxBytes })
    const batches: Array<ReadonlyArray<Decoded>> = []
    const open = yield* Effect.makeLatch(true)
    const draining = yield* Effect.forkScoped(
      backlog.drain((batch) =>
        Effect.map(open.await, () => {
          batches.push(batch.map(({ decoded }) => decoded))
        })
      )
    )
    return {
      backlog,
      batches,
      draining,
      open,
      bring: (events: ReadonlyArray<Decoded>) =>
        backlog.add(() => events.map((one) => [one, undefined])),
      committed: () => batches.flat()
    }
  })

const turnOfTheLoop = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Lets every other fiber go as far as it can without a clock. */
export const settle = Effect.replicateEffect(
  Effect.zipRight(turnOfTheLoop, Effect.replicateEffect(Effect.yieldNow(), 20)),
  10
)

export const isWaiting = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) =>
  Effect.zipRight(settle, Effect.map(Fiber.poll(fiber), Option.isNone))
