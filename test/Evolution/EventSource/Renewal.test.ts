import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope, TestClock } from "effect"
import { UpgradeRefused } from "../../../src/Domain/LinkError.ts"
import { listened, lost, settle } from "./Exchange.ts"

describe("a renewal", () => {
  it.scoped("a renewal passes on the events of both connections, those of the old one first", () =>
    Effect.gen(function* () {
      const { link, read, server } = yield* listened
      yield* server.sendOn(0, "before")
      const renewing = yield* Effect.fork(link.renew)
      yield* settle
      yield* server.sendOn(1, "new 1")
      yield* server.sendOn(0, "old 1")
      yield* TestClock.adjust("1 second")
      yield* server.sendOn(0, "old 2")
      yield* server.sendOn(1, "new 2")
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(renewing)
      yield* server.sendOn(1, "after")
      yield* settle
      expect(read).toEqual(["before", "old 1", "old 2", "new 1", "new 2", "after"])
    })
  )

  it.scoped("a renewal reads the old connection for two seconds more and then leaves it", () =>
    Effect.gen(function* () {
      const { link, server } = yield* listened
      yield* Effect.fork(link.renew)
      yield* TestClock.adjust(1999)
      expect(server.connections.map(({ isLeft }) => isLeft)).toEqual([false, false])
      yield* TestClock.adjust(1)
      expect(server.connections.map(({ isLeft }) => isLeft)).toEqual([true, false])
    })
  )

  it.scoped("a renewal leaves the old connection only when its events are read", () =>
    Effect.gen(function* () {
      const { goesOn, link, read, server } = yield* listened
      yield* goesOn.close
      yield* server.sendOn(0, 1)
      yield* settle
      yield* Effect.fork(link.renew)
      yield* settle
      yield* server.broadcast(2, 3)
      yield* TestClock.adjust("1 minute")
      expect([read, server.connections[0]?.isLeft]).toEqual([[1], false])
      yield* goesOn.open
      yield* settle
      expect([read, server.connections[0]?.isLeft]).toEqual([[1, 2, 3], true])
    })
  )

  it.scoped("a renewal passes an event of both connections on as often as it was sent", () =>
    Effect.gen(function* () {
      const { link, read, server } = yield* listened
      const renewing = yield* Effect.fork(link.renew)
      yield* settle
      yield* server.broadcast("a", "same", "b", "same")
      // Still in transit on the new connection when the old one is left.
      yield* server.sendOn(0, "late")
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(renewing)
      yield* server.sendOn(1, "late", "same", "c")
      yield* settle
      expect(read).toEqual(["a", "same", "b", "same", "late", "same", "c"])
    })
  )

  it.scoped("a renewal passes on an equal event that is sent later", () =>
    Effect.gen(function* () {
      const { link, read, server } = yield* listened
      yield* Effect.fork(link.renew)
      yield* settle
      yield* server.sendOn(0, "ring")
      yield* TestClock.adjust("2 seconds")
      yield* TestClock.adjust("6 seconds")
      yield* server.sendOn(1, "ring")
      yield* settle
      expect(read).toEqual(["ring", "ring"])
    })
  )

  it.scoped("heard is that of the connection that is read", () =>
    Effect.gen(function* () {
      const { link, server } = yield* listened
      yield* Effect.fork(link.renew)
      yield* TestClock.adjust("1 second")
      const [old, fresh] = server.connections
      if (old !== undefined) old.heard = { until: 7000, isHeldBack: false }
      if (fresh !== undefined) fresh.heard = { until: 8000, isHeldBack: true }
      expect(yield* link.heard).toEqual(old?.heard)
      yield* TestClock.adjust("1 second")
      expect(yield* link.heard).toEqual(fresh?.heard)
    })
  )

  it.scoped("a link can be renewed many times", () =>
    Effect.gen(function* () {
      const { link, read, server } = yield* listened
      for (let round = 0; round < 10; round++) {
        yield* server.broadcast(`${round} before`)
        const renewing = yield* Effect.fork(link.renew)
        yield* settle
        yield* server.broadcast(`${round} while`)
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(renewing)
      }
      const rounds = Array.from({ length: 10 }, (_, round) => [`${round} before`, `${round} while`])
      expect(read).toEqual(rounds.flat())
      const isLeft = server.connections.map((connection) => connection.isLeft)
      expect(isLeft).toEqual([...Array(10).fill(true), false])
    })
  )
})

describe("a renewal that fails", () => {
  it.scoped("a renewal fails with the error of its dial, and the old connection goes on", () =>
    Effect.gen(function* () {
      const { link, read, server } = yield* listened
      const refusal = UpgradeRefused.of(502, "Bad Gateway")
      const refused = yield* Deferred.make<never, UpgradeRefused>()
      server.beforeDial = Deferred.await(refused)
      const renewing = yield* Effect.fork(Effect.flip(link.renew))
      yield* settle
      yield* server.broadcast(1)
      yield* Deferred.fail(refused, refusal)
      expect(yield* Fiber.join(renewing)).toBe(refusal)
      yield* TestClock.adjust("1 minute")
      yield* server.broadcast(2)
      yield* settle
      expect([read, server.connections.length]).toEqual([[1, 2], 1])
      // The next renewal starts afresh.
      server.beforeDial = Effect.void
      yield* Effect.fork(link.renew)
      yield* settle
      yield* server.broadcast(3)
      yield* TestClock.adjust("2 seconds")
      yield* server.broadcast(4)
      yield* settle
      expect([read, server.connections[0]?.isLeft]).toEqual([[1, 2, 3, 4], true])
    })
  )

  it.scoped("an interrupted renewal leaves the new connection, and the old one goes on", () =>
    Effect.gen(function* () {
      const { link, read, server } = yield* listened
      const renewing = yield* Effect.fork(link.renew)
      yield* TestClock.adjust("1 second")
      yield* server.broadcast(1)
      yield* Fiber.interrupt(renewing)
      expect(server.connections.map(({ isLeft }) => isLeft)).toEqual([false, true])
      yield* TestClock.adjust("1 minute")
      yield* server.broadcast(2)
      yield* settle
      expect(read).toEqual([1, 2])
    })
  )

  it.scoped("a renewal does not hide the loss of the old connection", () =>
    Effect.gen(function* () {
      const { link, read, reader, server } = yield* listened
      yield* Effect.fork(link.renew)
      yield* TestClock.adjust("1 second")
      yield* server.broadcast(1)
      yield* server.connections[0]?.inbox.fail(lost) ?? Effect.void
      expect(yield* Effect.flip(Fiber.join(reader))).toBe(lost)
      expect(read).toEqual([1])
    })
  )

  it.scoped("a link that is left during a renewal leaves no connection open", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { link, server } = yield* Scope.extend(listened, scope)
      yield* Effect.fork(link.renew)
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      expect(server.connections.map(({ isLeft }) => isLeft)).toEqual([true, true])
      yield* TestClock.adjust("1 minute")
      expect(server.connections.length).toBe(2)
    })
  )

  it.scoped(
    "a link that is ended during a renewal gives the events received before and no more",
    () =>
      Effect.gen(function* () {
        const { goesOn, link, read, reader, server } = yield* listened
        yield* goesOn.close
        yield* Effect.fork(link.renew)
        yield* settle
        yield* server.broadcast(1, 2)
        yield* TestClock.adjust("3 seconds")
        yield* link.end
        yield* goesOn.open
        expect(yield* Fiber.await(reader)).toEqual(Exit.void)
        expect(read).toEqual([1, 2])
      })
  )

  it.scoped("a renewal does not revive a link that was ended meanwhile", () =>
    Effect.gen(function* () {
      const { link, read, reader, server } = yield* listened
      yield* Effect.fork(link.renew)
      yield* TestClock.adjust("1 second")
      yield* server.broadcast(1)
      yield* link.end
      yield* settle
      yield* server.broadcast(2)
      yield* TestClock.adjust("1 minute")
      expect([yield* Fiber.await(reader), read]).toEqual([Exit.void, [1]])
    })
  )

  it.scoped("a renewal does not revive an ended link whose old connection is still read", () =>
    Effect.gen(function* () {
      const { goesOn, link, read, reader, server } = yield* listened
      yield* goesOn.close
      yield* Effect.fork(link.renew)
      yield* TestClock.adjust("1 second")
      yield* server.broadcast(1, 2)
      yield* link.end
      yield* TestClock.adjust("1 minute")
      yield* server.broadcast(3)
      yield* goesOn.open
      yield* settle
      expect([reader.unsafePoll(), read]).toEqual([Exit.void, [1, 2]])
    })
  )

  it.scoped("end ends the new connection once that is read", () =>
    Effect.gen(function* () {
      const { link, read, reader, server } = yield* listened
      yield* Effect.fork(link.renew)
      yield* TestClock.adjust("2 seconds")
      yield* server.broadcast(1)
      yield* link.end
      yield* server.broadcast(2)
      expect([yield* Fiber.await(reader), read]).toEqual([Exit.void, [1]])
    })
  )
})
