import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger, TestClock } from "effect"
import type { ClockOffset } from "../../src/Domain/ClockOffset.ts"
import type { LoggedEvent } from "../../src/Domain/Event.ts"
import * as Json from "../../src/Domain/Json.ts"
import { EvolutionClient } from "../../src/Evolution/EvolutionClient.ts"
import { Clocks } from "../../src/Listening/Clocks.ts"
import { EventBus, type Watcher } from "../../src/Log/EventBus.ts"

const start = Date.UTC(2026, 0, 2, 3, 4, 5)

const makeWorld = Effect.gen(function* () {
  yield* TestClock.setTime(start)
  const world = { evolution: null as ClockOffset | null, lines: [] as Array<string> }
  let watcher: Watcher | undefined
  const context = yield* Layer.build(
    Clocks.layer.pipe(
      Layer.provide(
        Layer.mock(EvolutionClient, { clockOffset: Effect.sync(() => world.evolution) })
      ),
      Layer.provide(
        Layer.mock(EventBus, {
          watch: (one) =>
            Effect.sync(() => {
              watcher = one
            }),
          recent: () => [],
          isLate: () => false,
          isOurs: () => true,
          purgedUntil: () => 0,
          announcePurged: () => undefined,
          foldPurged: () => undefined
        })
      ),
      Layer.provide(
        Logger.replace(
          Logger.defaultLogger,
          Logger.make(({ logLevel, message }) => {
            world.lines.push(`${logLevel.label} ${String(message)}`)
          })
        )
      )
    )
  )
  const publish = (data: object, more: Partial<LoggedEvent> = {}) =>
    Effect.flatMap(Effect.clock, (clock) =>
      Effect.sync(() =>
        watcher?.published([
          {
            id: 1,
            server: "default",
            instance: "shop-1",
            event: "messages.upsert",
            json: Json.fromLog(data),
            extra: null,
            lifeCycle: null,
            upstreamTime: null,
            receivedAt: clock.unsafeCurrentTimeMillis(),
            origin: "live",
            ...more
          }
        ])
      )
    )
  /** Five messages, twenty seconds apart, stamped by a clock that ours is `ahead` seconds ahead of. */
  const hear = (ahead: number, stamp = (seconds: number): unknown => seconds, more = {}) =>
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      for (let n = 0; n < 5; n++) {
        yield* TestClock.adjust("20 seconds")
        const sent = Math.floor(clock.unsafeCurrentTimeMillis() / 1000) - ahead
        const message = { conversation: '"messageTimestamp":1500000000' }
        yield* publish({ key: { id: `M${n}` }, message, messageTimestamp: stamp(sent) }, more)
      }
    })
  return Object.assign(world, { hear, offsets: Context.get(context, Clocks).offsets })
})

describe("Clocks", () => {
  it.scoped("measure WhatsApp's time from live messages, seconds as a number or as a text", () =>
    Effect.gen(function* () {
      for (const stamp of [(seconds: number) => seconds, String]) {
        const { hear, offsets } = yield* makeWorld
        yield* hear(300, stamp)
        const { whatsapp } = yield* offsets
        expect(whatsapp?.least).toBeLessThanOrEqual(300_000)
        expect(whatsapp?.most).toBeGreaterThanOrEqual(300_000)
      }
    })
  )

  it.scoped.each([
    ["back-filled messages", { origin: "backfill" }],
    ["other events", { event: "messages.update" }],
    ["snapshots", { origin: "snapshot" }]
  ] as const)("take no sample of %s", ([, more]) =>
    Effect.gen(function* () {
      const { hear, offsets } = yield* makeWorld
      yield* hear(300, undefined, more)
      expect((yield* offsets).whatsapp).toBeNull()
    })
  )

  it.scoped.each([undefined, null, "soon", { low: 1, high: 2 }, 12])(
    "take no sample of a message whose time is %j",
    (time) =>
      Effect.gen(function* () {
        const { hear, offsets } = yield* makeWorld
        yield* hear(0, () => time)
        expect((yield* offsets).whatsapp).toBeNull()
      })
  )

  it.scoped("warn once of a difference of more than 30 s, and tell when it is gone", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld
      world.evolution = { least: 29_000, most: 31_000 }
      yield* TestClock.adjust("1 minute")
      expect(world.lines).toEqual([])
      world.evolution = { least: 299_000, most: 301_000 }
      yield* TestClock.adjust("5 minutes")
      expect(world.lines).toEqual(["WARN Our clock is 299 s ahead of Evolution's: set both by NTP"])
      world.evolution = { least: -500, most: 500 }
      yield* TestClock.adjust("1 minute")
      expect(world.lines.slice(1)).toEqual(["INFO Our clock agrees with Evolution's again"])
      world.evolution = { least: -61_000, most: -60_000 }
      yield* TestClock.adjust("1 minute")
      expect(world.lines.slice(2)).toEqual([
        "WARN Our clock is 60 s behind Evolution's: set both by NTP"
      ])
    })
  )
})
