import { describe, expect, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Logger, Option, Scope, TestClock } from "effect"
import { UpgradeRefused } from "../../../src/Domain/LinkError.ts"
import { about, nextAttempt } from "../Listener/scenario.ts"
import { listening, lost, one, service, two } from "./doubles.ts"

describe("A restart of a listener on a link", () => {
  it.scoped("renews the link without a dial or a state change", () =>
    Effect.gen(function* () {
      const { dials, registry, reported, renewals, sources } = yield* listening
      const before = [dials.length, reported.length]
      yield* registry.restart(one)
      yield* TestClock.adjust("1 minute")
      expect(renewals).toEqual([one])
      expect([dials.length, reported.length]).toEqual(before)
      expect(sources.openLinks).toBe(1)
      expect((yield* registry.status(one))._tag).toBe("Listening")
    })
  )

  it.scoped("returns after 5 s during a longer exchange and blocks no other command", () =>
    Effect.gen(function* () {
      const { registry, sources } = yield* listening
      sources.renew = () => Effect.never
      const restarting = yield* Effect.fork(registry.restart(one))
      yield* TestClock.adjust(4999)
      expect(yield* Fiber.poll(restarting)).toEqual(Option.none())
      yield* registry.stop(one)
      expect((yield* registry.status(one))._tag).toBe("Stopped")
      expect(sources.openLinks).toBe(0)
      yield* TestClock.adjust(1)
      yield* Fiber.join(restarting)
    })
  )

  it.scoped("returns as soon as the exchange ends", () =>
    Effect.gen(function* () {
      const { registry, sources } = yield* listening
      sources.renew = () => Effect.sleep("2 seconds")
      const restarting = yield* Effect.fork(registry.restart(one))
      yield* TestClock.adjust(1999)
      expect(yield* Fiber.poll(restarting)).toEqual(Option.none())
      yield* TestClock.adjust(1)
      yield* Fiber.join(restarting)
    })
  )

  it.scoped("fails with the exchange, keeps the old link and logs the cause", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) =>
      logged.push(`${logLevel._tag} ${String(message)}`)
    )
    return Effect.gen(function* () {
      const { ledger, registry, reported, sources } = yield* listening
      const before = reported.length
      sources.renew = () => Effect.fail(UpgradeRefused.of(502, "Bad Gateway"))
      expect(yield* Effect.flip(registry.restart(one))).toMatchObject({
        _tag: "EvolutionUnavailable",
        status: 502,
        message:
          'Cannot restart "shop-1" on a fresh link, the old one goes on: ' +
          'Something between us and Evolution answers HTTP 502 with text ("Bad Gateway"): Traefik?'
      })
      yield* TestClock.adjust("1 minute")
      expect([reported.length, sources.openLinks, ledger]).toEqual([before, 1, []])
      expect(logged.filter((line) => line.includes("old link"))).toEqual([
        'Warning Goes on with the old link: Something between us and Evolution answers HTTP 502 with text ("Bad Gateway"): Traefik?'
      ])
    }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
  })

  it.scoped("dies of a bug in the renewal and keeps the old link", () =>
    Effect.gen(function* () {
      const { registry, sources } = yield* listening
      sources.renew = () => Effect.dieMessage("a bug of ours")
      const exit = yield* Effect.exit(registry.restart(one))
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      yield* TestClock.adjust("1 minute")
      expect([sources.openLinks, (yield* registry.status(one))._tag]).toEqual([1, "Listening"])
    })
  )

  it.scoped("interrupts the renewal when the service stops", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { registry, sources } = yield* Scope.extend(listening, scope)
      const ended = yield* Deferred.make<void>()
      sources.renew = () =>
        Effect.onInterrupt(Effect.never, () => Deferred.succeed(ended, undefined))
      yield* Effect.fork(registry.restart(one))
      yield* TestClock.adjust(0)
      yield* Scope.close(scope, Exit.void)
      expect(yield* Deferred.isDone(ended)).toBe(true)
    })
  )

  it.scoped("renews no link when the database is away", () =>
    Effect.gen(function* () {
      const { registry, renewals, sources, store } = yield* listening
      store.isAway = true
      expect((yield* Effect.flip(registry.restart(one)))._tag).toBe("SqlError")
      yield* TestClock.adjust(0)
      expect([renewals, sources.openLinks]).toEqual([[], 1])
    })
  )
})

describe("A restart of a listener without a link", () => {
  it.scoped("dials at once with reset delays when the listener waits", () =>
    Effect.gen(function* () {
      const { dials, registry, renewals, sources } = yield* service
      sources.onOpen = () => lost
      yield* registry.start(one)
      yield* TestClock.adjust("20 seconds")
      const waiting = yield* registry.status(one)
      expect(waiting).toMatchObject({ _tag: "Waiting", attempt: 6 })
      yield* registry.restart(one)
      yield* TestClock.adjust(0)
      expect([dials.at(-1), dials.length]).toEqual([20_000, 7])
      const again = yield* registry.status(one)
      expect(again).toMatchObject({ _tag: "Waiting", attempt: 1 })
      expect(nextAttempt(again) - 20_000).toEqual(about(500))
      expect(renewals).toEqual([])
    })
  )

  it.scoped("dials at once when the listener is parked", () =>
    Effect.gen(function* () {
      const { registry, sources } = yield* service
      sources.onOpen = () => UpgradeRefused.of(400, "Invalid global token")
      yield* registry.start(one)
      yield* TestClock.adjust("1 second")
      expect((yield* registry.status(one))._tag).toBe("Parked")
      sources.onOpen = () => Effect.void
      yield* registry.restart(one)
      yield* TestClock.adjust(0)
      expect(yield* registry.status(one)).toMatchObject({ _tag: "Listening", attempt: 1 })
    })
  )

  it.scoped("replaces the dial in progress by a new one", () =>
    Effect.gen(function* () {
      const { dials, registry, sources } = yield* service
      sources.onOpen = () => Effect.never
      yield* registry.start(one)
      yield* TestClock.adjust("5 seconds")
      sources.onOpen = () => Effect.void
      yield* registry.restart(one)
      yield* TestClock.adjust(0)
      expect((yield* registry.status(one))._tag).toBe("Listening")
      expect([dials, sources.openLinks]).toEqual([[0, 5000], 1])
    })
  )

  it.scoped("stores the desired state and listens when the listener was stopped", () =>
    Effect.gen(function* () {
      const { registry, renewals, store } = yield* listening
      yield* registry.stop(one)
      yield* registry.restart(one)
      yield* TestClock.adjust(0)
      expect((yield* registry.status(one))._tag).toBe("Listening")
      expect([store.desired.get(one), renewals]).toEqual(["listening", []])
    })
  )

  it.scoped("keeps the gap open until the link is up, but a stop closes it", () =>
    Effect.gen(function* () {
      const { ledger, registry, sources } = yield* service
      sources.onOpen = () => lost
      yield* registry.start(one)
      yield* TestClock.adjust("10 seconds")
      yield* registry.restart(one)
      yield* TestClock.adjust("2 seconds")
      expect(ledger).toEqual([{ from: 0, cause: "connection_lost", to: undefined }])
      sources.onOpen = () => Effect.void
      yield* registry.restart(one)
      yield* TestClock.adjust(0)
      expect(ledger).toEqual([{ from: 0, cause: "connection_lost", to: 12_000 }])
      sources.onOpen = () => lost
      yield* sources.lose(one)
      yield* TestClock.adjust("1 second")
      yield* registry.stop(one)
      expect(ledger.map(({ to }) => to)).toEqual([12_000, 13_000])
    })
  )

  it.scoped("fails for an instance that was never started", () =>
    Effect.gen(function* () {
      const { dials, registry, renewals, store } = yield* service
      expect((yield* Effect.flip(registry.restart(one)))._tag).toBe("InstanceNotFound")
      yield* TestClock.adjust("1 second")
      expect([dials, renewals, store.desired.size]).toEqual([[], [], 0])
    })
  )

  it.scoped("waits for the previous command", () =>
    Effect.gen(function* () {
      const { registry, store } = yield* listening
      const written = yield* Deferred.make<void>()
      store.writing = () => Deferred.await(written)
      const stopping = yield* Effect.fork(registry.stop(one))
      const restarting = yield* Effect.fork(registry.restart(one))
      yield* TestClock.adjust(0)
      expect(yield* Fiber.poll(restarting)).toEqual(Option.none())
      yield* Deferred.succeed(written, undefined)
      yield* Fiber.join(stopping)
      yield* Fiber.join(restarting)
      yield* TestClock.adjust(0)
      expect((yield* registry.status(one))._tag).toBe("Listening")
    })
  )

  it.scoped("returns when the first attempt ends", () =>
    Effect.gen(function* () {
      const { registry, sources } = yield* service
      sources.onOpen = () => lost
      yield* registry.start(one)
      yield* TestClock.adjust("20 seconds")
      sources.onOpen = () => Effect.sleep("3 seconds")
      const restarting = yield* Effect.fork(
        Effect.zipRight(registry.restart(one), registry.status(one))
      )
      yield* TestClock.adjust("3 seconds")
      expect((yield* Fiber.join(restarting))._tag).toBe("Listening")
    })
  )

  it.scoped("returns after 5 s during a longer attempt", () =>
    Effect.gen(function* () {
      const { registry, sources } = yield* service
      sources.onOpen = () => Effect.never
      yield* registry.start(one)
      const restarting = yield* Effect.fork(
        Effect.zipRight(registry.restart(one), registry.status(one))
      )
      yield* TestClock.adjust(4999)
      expect(yield* Fiber.poll(restarting)).toEqual(Option.none())
      yield* TestClock.adjust(1)
      expect((yield* Fiber.join(restarting))._tag).toBe("Connecting")
    })
  )
})

describe("Commands on two instances", () => {
  it.scoped("run independently when one waits for the database", () =>
    Effect.gen(function* () {
      const { registry, store } = yield* listening
      yield* registry.start(two)
      yield* TestClock.adjust("1 second")
      store.writing = (name) => (name === one ? Effect.never : Effect.void)
      const waiting = yield* Effect.fork(registry.stop(one))
      yield* TestClock.adjust(0)
      const through = yield* Effect.fork(registry.stop(two))
      yield* TestClock.adjust(0)
      expect([yield* Fiber.poll(waiting), Option.isSome(yield* Fiber.poll(through))]).toEqual([
        Option.none(),
        true
      ])
      expect((yield* registry.status(two))._tag).toBe("Stopped")
      expect((yield* registry.status(one))._tag).toBe("Listening")
    })
  )
})
