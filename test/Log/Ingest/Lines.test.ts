import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { makeLines } from "../../support/Lines.ts"
import { isPoison, makeWorld, raw, sqlError } from "./World.ts"

describe("A log line about an uncommitted event", () => {
  it.scoped("names the instance", () =>
    Effect.gen(function* () {
      const { layer, lines } = yield* makeLines
      const { close, receive } = yield* makeWorld(({ events, quarantined }) =>
        events.some(isPoison) || quarantined.some(({ event }) => event === "lost")
          ? sqlError("22P05")
          : undefined
      ).pipe(Effect.provide(layer))
      yield* receive([
        raw("shop-1", { poison: true }),
        raw("shop-2", {}),
        raw("shop-3", { poison: true }, "lost")
      ])
      yield* TestClock.adjust("1 second")
      yield* close
      const told = lines.map(({ instance, message }) => `${instance}: ${message.split(",")[0]}`)
      expect(told).toEqual([
        "shop-1: An event cannot be committed",
        "shop-3: An event cannot be committed",
        "shop-3: An event cannot be committed",
        "shop-3: An event cannot even be put in quarantine"
      ])
    })
  )
})
