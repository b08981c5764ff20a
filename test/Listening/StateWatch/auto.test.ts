import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { autoSource } from "../../support/doubles.ts"
import { watched } from "./world.ts"

const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]

describe("StateWatch in auto mode", () => {
  it.scoped("asks for every instance's events when namespaces begin, and not before", () =>
    Effect.gen(function* () {
      const { changeMode, layer } = autoSource()
      const world = yield* watched([one, two], true, layer)
      for (const name of [one, two]) world.settings.set(name, null)
      yield* TestClock.adjust("10 minutes")
      expect([...world.settings.values()]).toEqual([null, null])

      const began = yield* Clock.currentTimeMillis
      yield* changeMode("namespace")
      yield* TestClock.adjust("1 second")
      expect([...world.settings.values()].map((found) => found?.enabled)).toEqual([true, true])
      // Until then the events came by global events.
      const opened = world.ledger.filter(([what]) => what === "open")
      expect(opened).toEqual([
        ["open", one, began, "not_subscribed"],
        ["open", two, began, "not_subscribed"]
      ])

      yield* changeMode("global")
      yield* TestClock.adjust("1 second")
      for (const name of [one, two]) world.settings.set(name, null)
      yield* TestClock.adjust("10 minutes")
      expect([...world.settings.values()]).toEqual([null, null])
    })
  )
})
