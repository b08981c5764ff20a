import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, TestClock } from "effect"
import { at, bar, type Left, makeWorld, millis, settle, shop } from "./World.ts"

const world = (left: Left = {}, stretch = "24h") =>
  makeWorld(left).pipe(
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["IMPORT_ON_START", stretch]])))
  )

const day = Duration.toSeconds("1 day")

describe("The import when a listener begins", () => {
  it.scoped("is of the stretch before the link was up, once", () =>
    Effect.gen(function* () {
      const { gaps, ledger } = yield* world()
      const importHistory = yield* ledger.begins(shop)
      yield* TestClock.setTime(millis(30))
      yield* importHistory
      yield* settle
      expect(gaps()).toMatchObject([
        { instance: shop, cause: "import", from: at(30 - day), to: at(30), recovered: null }
      ])
      expect(ledger.pending(shop)).toEqual(gaps())
      // The next link, while the import runs and after it is done.
      yield* Effect.flatten(ledger.begins(shop))
      const [entry] = ledger.pending(shop)
      if (entry !== undefined)
        yield* ledger.update({ ...entry, recovered: true, retryAt: null, note: null })
      expect(ledger.pending(shop)).toEqual([])
      yield* Effect.flatten(ledger.begins(shop))
      yield* settle
      expect(gaps()).toHaveLength(2)
      expect(ledger.pending(shop)).toEqual([])
    })
  )

  it.scoped("waits for a link that does not come at the first attempt", () =>
    Effect.gen(function* () {
      const { gaps, ledger } = yield* world()
      yield* Effect.asVoid(ledger.begins(shop))
      yield* settle
      expect(gaps()).toEqual([])
      yield* Effect.flatten(ledger.begins(shop))
      yield* settle
      expect(gaps()).toHaveLength(1)
    })
  )

  it.scoped.each([
    ["the log has events of it", { lastEvent: { event: "messages.upsert", at: at(-5) } }, "24h"],
    ["an earlier service imported its messages", { imported: [shop] }, "24h"],
    ["it is not wanted", {}, "off"]
  ] as const)("does not come when %s", ([, left, stretch]) =>
    Effect.gen(function* () {
      const { gaps, ledger } = yield* world(left, stretch)
      yield* Effect.flatten(ledger.begins(shop))
      yield* settle
      expect(gaps()).toEqual([])
    })
  )

  it.scoped("comes for another instance, and for a new one of a deleted one's name", () =>
    Effect.gen(function* () {
      const { ledger } = yield* world({ imported: [shop] })
      yield* Effect.flatten(ledger.begins(bar))
      expect(ledger.pending(bar)).toHaveLength(1)
      yield* ledger.forget(shop)
      yield* Effect.flatten(ledger.begins(shop))
      expect(ledger.pending(shop)).toHaveLength(1)
    })
  )
})
