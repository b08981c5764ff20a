import { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, TestClock } from "effect"
import type { Degraded } from "../../src/Domain/Degraded.ts"
import * as Retention from "../../src/Instances/Retention.ts"
import { Purge, type Purged, type Whose } from "../../src/Log/Purge.ts"
import { ingestOf, ledgerOf } from "../support/doubles.ts"
import { settings } from "../support/settings.ts"

const names = ["shop-1", "shop-2", "test-1", "legal-1"]
const nothing: Purged = { events: 0, quarantine: 0, gaps: 0, lost: new Map() }
const failed = new SqlError.SqlError({ cause: new Error("Connection terminated"), message: "No" })

/** What is purged, and how old it has to be, in hours: by instance, or by all names a rule covers. */
const retained = (EVENT_RETENTION: string) =>
  Effect.gen(function* () {
    const world = {
      said: [] as Array<readonly [whose: string, hours: number]>,
      outlived: [] as Array<readonly [string, number]>,
      degraded: null as Degraded | null,
      fails: false,
      purged: nothing
    }
    const said = (whose: string, before: DateTime.Utc) =>
      Effect.map(DateTime.now, (now) => {
        world.said.push([whose, DateTime.distance(before, now) / 3_600_000])
      })
    const whoseIs = (whose: Whose) =>
      "instance" in whose
        ? whose.instance
        : [...whose.names, "never heard of", ""].filter(whose.covers).join()
    yield* Layer.build(
      Retention.layer.pipe(
        Layer.provide(
          Layer.mergeAll(
            Layer.mock(Purge, {
              names: Effect.suspend(() => (world.fails ? failed : Effect.succeed(names))),
              old: (whose, before) => Effect.as(said(whoseIs(whose), before), world.purged),
              audit: (before) => Effect.as(said("audit", before), 0),
              tidy: Effect.sync(() => world.said.push(["tidy", 0]))
            }),
            ledgerOf({ forgetUnrecovered: (...gone) => world.outlived.push(gone) }),
            ingestOf({ degraded: Effect.sync(() => world.degraded) })
          )
        ),
        Layer.provide(settings({ EVENT_RETENTION }))
      )
    )
    yield* TestClock.adjust(0)
    return world
  })

describe("Retention", () => {
  it.scoped("purges nothing when every rule keeps events forever", () =>
    Effect.gen(function* () {
      for (const given of ["", "forever", "shop-*=forever"]) {
        const world = yield* retained(given)
        yield* TestClock.adjust("1 day")
        expect(world.said).toEqual([])
      }
    })
  )

  it.scoped(
    "applies the first matching rule to each instance and the general rule to the others",
    () =>
      Effect.gen(function* () {
        const world = yield* retained("90 days,shop-1=7 days,test-*=1 day,shop-*=2 days,l*=forever")
        expect(world.said).toEqual([
          ["never heard of,", 90 * 24],
          ["shop-1", 7 * 24],
          ["shop-2", 48],
          ["test-1", 24],
          ["audit", 90 * 24],
          ["tidy", 0]
        ])
      })
  )

  it.scoped("keeps the other instances and the audit when only some instances have a rule", () =>
    Effect.gen(function* () {
      const world = yield* retained("test-*=1 day")
      expect(world.said).toEqual([
        ["test-1", 24],
        ["tidy", 0]
      ])
    })
  )

  it.scoped("purges every ten minutes, also after a failure", () =>
    Effect.gen(function* () {
      const world = yield* retained("test-*=1 day")
      yield* TestClock.adjust("20 minutes")
      expect(world.said).toHaveLength(6)
      world.fails = true
      yield* TestClock.adjust("10 minutes")
      expect(world.said).toHaveLength(6)
      world.fails = false
      yield* TestClock.adjust("10 minutes")
      expect(world.said).toHaveLength(8)
    })
  )

  it.scoped("pauses while the database takes no writes", () =>
    Effect.gen(function* () {
      const world = yield* retained("1 day")
      world.said = []
      const since = yield* DateTime.now
      world.degraded = { reason: "database_full", since, message: "Events wait" }
      yield* TestClock.adjust("10 minutes")
      expect(world.said).toEqual([])
      world.degraded = null
      yield* TestClock.adjust("10 minutes")
      expect(world.said).toHaveLength(3)
    })
  )

  it.scoped("tells the ledger which lost gaps it purged", () =>
    Effect.gen(function* () {
      const world = yield* retained("test-*=1 day")
      world.purged = { ...nothing, gaps: 3, lost: new Map([["test-1", 2]]) }
      yield* TestClock.adjust("10 minutes")
      expect(world.outlived).toEqual([["test-1", 2]])
    })
  )
})
