import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, TestClock } from "effect"
import { listened, settle } from "./Exchange.ts"

describe("a link that is ended when the old connection has gone and the new one is not read yet", () => {
  it.scoped("gives what both brought, once, and ends", () =>
    Effect.gen(function* () {
      const { link, read, reader, server } = yield* listened
      // A closing handshake takes its time.
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

  it.scoped("does so also when the reader had not come to the old one's end", () =>
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

describe("an exchange that nobody waits for any more", () => {
  it.scoped("repeats nothing when the old connection had ended already", () =>
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
