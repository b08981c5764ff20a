import { describe, expect, it } from "@effect/vitest"
import { DateTime, Deferred, Effect, Fiber, Mailbox, Stream, TestClock } from "effect"
import type { RawEvent } from "../../src/Domain/Event.ts"
import { type LinkError, NamespaceRefused } from "../../src/Domain/LinkError.ts"
import { subscription } from "../support/doubles.ts"
import { event, fails, holds, listener, lost, name, nextAttempt } from "./Listener/scenario.ts"

describe("A listener", () => {
  it.scoped("moves from Connecting to Listening, and to Waiting when the link ends", () =>
    Effect.gen(function* () {
      const { fiber, states } = yield* listener({ dials: [holds("3 seconds"), holds()] })
      yield* TestClock.adjust("3 seconds")
      const at = (millis: number) => DateTime.unsafeMake(millis)
      expect(states).toEqual([
        { _tag: "Connecting", since: at(0), attempt: 1, generation: 1, error: null },
        { _tag: "Listening", since: at(0), attempt: 1, generation: 1 },
        {
          _tag: "Waiting",
          since: at(3000),
          attempt: 1,
          generation: 1,
          nextAttempt: at(nextAttempt(states[2])),
          isFlapping: false,
          error: lost
        }
      ])
      yield* TestClock.adjust("1 second")
      expect(states.slice(3)).toMatchObject([
        { _tag: "Connecting", attempt: 2, generation: 2, error: lost },
        { _tag: "Listening", attempt: 2, generation: 2 }
      ])
      expect((yield* Fiber.poll(fiber))._tag).toBe("None")
    })
  )

  it.scoped("resets its attempts after 10 s on a link", () =>
    Effect.gen(function* () {
      const { states } = yield* listener({ dials: [fails(lost), fails(lost), holds()] })
      yield* TestClock.adjust("4 seconds")
      expect(states.at(-1)).toMatchObject({ _tag: "Listening", attempt: 3 })
      yield* TestClock.adjust("10 seconds")
      expect(states.at(-1)).toMatchObject({ _tag: "Listening", attempt: 0 })
    })
  )

  it.scoped("passes live events to Ingest in order, and the snapshot with origin snapshot", () =>
    Effect.gen(function* () {
      const source = yield* Mailbox.make<RawEvent, LinkError>()
      const snapshotAsked = yield* Deferred.make<void>()
      const { received } = yield* listener({
        dials: [() => Effect.succeed(subscription(Mailbox.toStream(source)))],
        snapshot: () =>
          Effect.as(Deferred.await(snapshotAsked), [event({ state: "open" }, "connection.update")])
      })
      yield* source.offerAll([event(1), event(2)])
      yield* TestClock.adjust(0)
      yield* Deferred.succeed(snapshotAsked, undefined)
      yield* TestClock.adjust(0)
      yield* source.offer(event(3))
      yield* TestClock.adjust(0)
      expect(received).toEqual([
        [event(1).payload, "live"],
        [event(2).payload, "live"],
        [event({ state: "open" }, "connection.update").payload, "snapshot"],
        [event(3).payload, "live"]
      ])
    })
  )

  it.scoped("takes a snapshot after every successful dial and after no failed one", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const { dialledAt } = yield* listener({
        dials: [fails(lost), holds("20 seconds"), holds()],
        snapshot: (instance) =>
          Effect.sync(() => {
            asked.push(instance)
            return []
          })
      })
      yield* TestClock.adjust("1 minute")
      expect(dialledAt.length).toBe(3)
      expect(asked).toEqual([name, name])
    })
  )

  it.scoped("notices the end of its link while the snapshot waits for an answer", () =>
    Effect.gen(function* () {
      const { tags } = yield* listener({
        dials: [holds("2 seconds"), holds()],
        snapshot: () => Effect.never
      })
      yield* TestClock.adjust("2 seconds")
      expect(tags()).toEqual(["Connecting", "Listening", "Waiting"])
    })
  )

  it.scoped("closes the link when it is interrupted", () =>
    Effect.gen(function* () {
      const seen = yield* listener({ dials: [holds()] })
      expect(seen.openScopes).toBe(1)
      yield* Fiber.interrupt(seen.fiber)
      expect(seen.openScopes).toBe(0)
    })
  )

  it.scoped("closes each link before it dials the next", () =>
    Effect.gen(function* () {
      const seen = yield* listener({ dials: [holds("1 second")] })
      yield* TestClock.adjust("2 minutes")
      expect(seen.dialledAt.length).toBeGreaterThan(5)
      expect(seen.mostOpenScopes).toBe(1)
    })
  )

  it.scoped("passes every event to Ingest and ends when the source ends the stream", () =>
    Effect.gen(function* () {
      const seen = yield* listener({
        dials: [() => Effect.succeed(subscription(Stream.make(event(1), event(2))))]
      })
      yield* Fiber.join(seen.fiber)
      expect(seen.received.map(([payload]) => payload)).toEqual([
        event(1).payload,
        event(2).payload
      ])
      expect([seen.openScopes, seen.dialledAt.length]).toEqual([0, 1])
    })
  )

  it.scoped("reports a refusal while it continues to connect", () =>
    Effect.gen(function* () {
      const refusal = NamespaceRefused.of("/shop-1", "Invalid namespace")
      const { states } = yield* listener({
        dials: [(_, onRefused) => Effect.zipRight(onRefused(refusal), Effect.never)]
      })
      expect(states).toMatchObject([
        { _tag: "Connecting", attempt: 1, error: null },
        { _tag: "Connecting", attempt: 1, error: refusal }
      ])
    })
  )
})
