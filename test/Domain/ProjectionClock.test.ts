import { describe, expect, it } from "@effect/vitest"
import { Either } from "effect"
import { decode, type EventOrigin } from "../../src/Domain/Event.ts"
import { nothingObserved } from "../../src/Domain/Instance.ts"
import { observe } from "../../src/Domain/Projection.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"

const minute = 60_000

const update = (state: string, at: number, origin: EventOrigin) => {
  const data = { instance: "shop-1", state, statusReason: 200 }
  const payload = { event: "connection.update", instance: "shop-1", data }
  const raw = { name: "connection.update", payload, receivedAt: at }
  return Either.getOrThrow(decode(raw, origin, Scrub.unconfigured))
}

/** WhatsApp's state after a live `open`, and a snapshot of `close` that was asked for so much earlier. */
const stateAfterSnapshot = (olderBy: number) => {
  const live = update("open", 60 * minute, "live")
  const snapshot = update("close", 60 * minute - olderBy, "snapshot")
  return [live, snapshot].reduce(observe, nothingObserved).whatsapp?.state
}

describe("observe", () => {
  it("ignores a snapshot that was asked for up to ten minutes before the last fact", () => {
    expect(stateAfterSnapshot(9 * minute)).toBe("open")
    expect(stateAfterSnapshot(10 * minute - 1)).toBe("open")
    expect(stateAfterSnapshot(1)).toBe("open")
  })

  it("believes a snapshot of the same time, and one from before a clock was set back", () => {
    expect(stateAfterSnapshot(0)).toBe("close")
    expect(stateAfterSnapshot(10 * minute)).toBe("close")
    expect(stateAfterSnapshot(11 * minute)).toBe("close")
  })

  it("believes a live event from before the last fact: events come in order, and the clock was set back", () => {
    const events = [update("open", 60 * minute, "live"), update("close", 59 * minute, "live")]
    expect(events.reduce(observe, nothingObserved).whatsapp?.state).toBe("close")
  })
})
