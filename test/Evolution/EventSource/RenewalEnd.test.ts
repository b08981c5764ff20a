import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, TestClock } from "effect"
import { listened, settle } from "./Exchange.ts"

describe("a link that is ended between its old connection and its new one", () => {
  it.scoped("the link gives the events of both once, and ends", () =>
    Effect.gen(function* () {
      const { link, read, reader, server } = yield* listened
      // A closing handshake takes a second.
      server.goodbye = Effect.sleep("1 second")
      yield* Effect.fork(link.renew)
      yield* settle
      yield* server.broadcast(1)
      yield* TestClock.adjust("2 seconds")
      yield* server.sendOn(1, 2)
      yield* settle
      yield* link.end
      yield* server.sendOn(1, 3)
      yield* TestClock.adjust("5 seconds")
      server.goodbye = Effect.void
      expect([reader.unsafePoll(), read]).toEqual([Exit.void, [1, 2]])
    })
  )

  it.scoped("the link does so too while the reader is behind on the old connection", () =>
    Effect.gen(function* () {
      const { goesOn, link, read, reader, server } = yield* listened
      yield* goesOn.close
      yield* Effect.fork(link.renew)
      yield* settle
      yield* server.broadcast(1, 2)
      yield* TestClock.adjust("2 seconds")
      yield* server.sendOn(1, 3)
      yield* link.end
      yield* goesOn.open
      yield* settle
      expect([reader.unsafePoll(), read]).toEqual([Exit.void, [1, 2, 3]])
    })
  )
})

describe("a renewal whose caller is interrupted", () => {
  it.scoped("the link repeats no event when the old connection has ended already", () =>
    Effect.gen(function* () {
      const { goesOn, link, read, server } = yield* listened
      yield* goesOn.close
      const renewing = yield* Effect.fork(link.renew)
      yield* settle
      yield* server.broadcast(1, 2)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.interrupt(renewing)
      yield* goesOn.open
      yield* settle
      yield* server.broadcast(3)
      yield* settle
      expect(read).toEqual([1, 2, 3])
    })
  )
})
