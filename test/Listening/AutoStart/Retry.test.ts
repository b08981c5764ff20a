import { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Stream, TestClock } from "effect"
import { trialName } from "../../../src/Domain/Instance.ts"
import { ConnectionLost } from "../../../src/Domain/LinkError.ts"
import { Upstream } from "../../../src/Evolution/Upstream.ts"
import * as AutoStart from "../../../src/Listening/AutoStart.ts"
import { ListenerRegistry } from "../../../src/Listening/ListenerRegistry.ts"
import { Pacing } from "../../../src/Listening/Pacing.ts"
import {
  discoveryOf,
  instancesOf,
  keptDefaultsOf,
  ledgerOf,
  proofOf,
  sourceOf
} from "../../support/doubles.ts"
import { settings } from "../../support/settings.ts"

const away = new SqlError.SqlError({ cause: new Error("connect ECONNREFUSED") })

/** Creates instances at 1 000 ms; the first `failures` starts of `shop-1` fail. */
const watching = (failures: number, created = ["shop-1", "shop-2"]) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(1000)
    let left = failures
    const world = { started: [] as Array<string>, ledger: [] as Array<unknown> }
    const registry = Layer.mock(ListenerRegistry, {
      start: (name) =>
        Effect.suspend(() => {
          if (name === "shop-1" && left-- > 0) return Effect.fail(away)
          world.started.push(name)
          return Effect.void
        })
    })
    const ledger = ledgerOf({
      open: (...entry) => Effect.sync(() => world.ledger.push(entry)).pipe(Effect.asVoid)
    })
    // The link is lost as soon as it has reported the creations.
    const told = (isWanted: (name: string) => boolean) =>
      Stream.concat(
        Stream.fromIterable(created.filter(isWanted)),
        Stream.fail(ConnectionLost.of(1006, ""))
      )
    const links = [told]
    const source = sourceOf({
      created: (isWanted) => Effect.sync(() => links.shift()?.(isWanted) ?? Stream.never)
    })
    const upstream = Layer.succeed(Upstream, { awaitReturn: Effect.never })
    yield* Layer.build(
      AutoStart.layer.pipe(
        Layer.provide(Pacing.layer),
        Layer.provide([ledger, registry, source, upstream]),
        Layer.provide([instancesOf(), discoveryOf(), keptDefaultsOf(), proofOf()]),
        Layer.provide(settings({ AUTO_START: "true" }))
      )
    )
    yield* TestClock.adjust(0)
    return world
  })

describe("AutoStart with the database away", () => {
  it.scoped("retries one start until it is stored, and starts other instances meanwhile", () =>
    Effect.gen(function* () {
      const { started } = yield* watching(3)
      expect(started).toEqual(["shop-2"])
      yield* TestClock.adjust("30 seconds")
      expect(started).toEqual(["shop-2", "shop-1"])
    })
  )

  it.scoped("opens a gap at the time of the creation", () =>
    Effect.gen(function* () {
      const { ledger } = yield* watching(3)
      yield* TestClock.adjust("30 seconds")
      expect(ledger).toEqual(Array(3).fill(["shop-1", 1000, "queue_full"]))
    })
  )

  it.scoped("opens no gap when the listener starts at once", () =>
    Effect.gen(function* () {
      const { ledger, started } = yield* watching(0)
      expect([started, ledger]).toEqual([["shop-1", "shop-2"], []])
    })
  )
})

describe("AutoStart", () => {
  it.scoped("ignores the trial instance of a running check", () =>
    Effect.gen(function* () {
      const { ledger, started } = yield* watching(0, [trialName("1a2b"), "shop-2"])
      yield* TestClock.adjust("30 seconds")
      expect([started, ledger]).toEqual([["shop-2"], []])
    })
  )
})
