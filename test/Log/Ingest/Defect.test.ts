import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Batch, calls, makeWorld, raw } from "./World.ts"

const isPoison = ({ json }: Batch["events"][number]) => String(json).includes("poison")

describe("A defect that one event causes", () => {
  it.scoped("quarantines only that event, and the writer continues", () =>
    Effect.gen(function* () {
      const { close, data, quarantined, receive } = yield* makeWorld(({ events }) => {
        if (events.some(isPoison)) throw new TypeError("a bug")
        return undefined
      })
      const events = calls(20)
      events[7] = raw("shop", { poison: true })
      yield* receive(events)
      yield* receive(calls(2, "shop-2"))
      yield* close
      expect(data()).toHaveLength(21)
      expect(quarantined).toMatchObject([{ event: "call", instance: "shop", reason: "a bug" }])
    })
  )
})
