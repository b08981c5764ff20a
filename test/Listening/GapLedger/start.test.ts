import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as Gap from "../../../src/Domain/Gap.ts"
import { at, bar, makeWorld, millis, settle, shop, stored, storedOpen, wanted } from "./World.ts"

const killed = { at: at(-30), stopped: false }
const stopped = { at: at(-30), stopped: true }
const heardLast = { event: "messages.upsert", at: at(-40) }

describe("The ledger of a starting service", () => {
  it.scoped.each([
    ["5 s before the last heartbeat of a killed service", killed, {}, -35, "service_crashed"],
    ["5 s before the last heartbeat of a stopped service", stopped, {}, -35, "service_stopped"],
    [
      "at the start command that came after the heartbeat",
      killed,
      { desiredAt: at(-33) },
      -33,
      "service_crashed"
    ],
    [
      "5 s before the last event without a heartbeat",
      undefined,
      { lastEvent: heardLast },
      -45,
      "service_crashed"
    ],
    [
      "5 s before the last heartbeat even if an event came later",
      stopped,
      { lastEvent: { ...heardLast, at: at(-29) } },
      -35,
      "service_stopped"
    ],
    ["at the start command without heartbeat and event", undefined, {}, -3600, "service_crashed"]
  ] as const)("opens the gap of a desired instance %s", ([, lastHeartbeat, more, from, cause]) =>
    Effect.gen(function* () {
      const { gaps, ledger } = yield* makeWorld({
        instances: [wanted("desiredAt" in more ? more : {})],
        ...("lastEvent" in more && more),
        ...(lastHeartbeat && { lastHeartbeat })
      })
      const { open, unrecovered } = ledger.summary(shop)
      expect(open).toMatchObject({ instance: shop, from: at(from), to: null, cause })
      expect(unrecovered).toBe(0)
      expect(gaps()).toEqual([open])
    })
  )

  it.scoped("tries the gaps again that a lower BACKFILL_LIMIT ended", () =>
    Effect.gen(function* () {
      const ended = (fetched: number) =>
        Gap.lost({ ...stored(-600, -500), fetched, fetchedUntil: at(-550) }, "limit", "too many")
      const limited = [ended(9_999), ended(10_000)]
      const { gaps, ledger } = yield* makeWorld({ limited, lost: [[shop, 3]] })
      const [first] = limited.map(Gap.again)
      expect(ledger.pending(shop)).toEqual([first])
      // Two lost ones are left, and one waits.
      expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 3 })
      yield* settle
      expect(gaps()).toEqual([first])
    })
  )

  it.scoped("opens no gap of a stopped instance", () =>
    Effect.gen(function* () {
      const { gaps, ledger } = yield* makeWorld({
        instances: [wanted({ desired: "stopped" }), wanted({ name: bar })],
        lastHeartbeat: killed
      })
      expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 0 })
      expect(gaps().map(({ instance }) => instance)).toEqual([bar])
    })
  )

  it.scoped("keeps an open gap of the service before and logs no change", () =>
    Effect.gen(function* () {
      const gap = storedOpen(-600, { cause: "key_refused", fetched: 7, fetchedUntil: at(-500) })
      const { gaps, ledger } = yield* makeWorld({
        instances: [wanted()],
        unfinished: [gap],
        lastHeartbeat: killed
      })
      yield* ledger.open(shop, millis(0), "not_reached")
      expect([ledger.summary(shop), gaps()]).toEqual([{ open: gap, unrecovered: 0 }, []])
      yield* TestClock.adjust("10 seconds")
      yield* ledger.close(shop)
      yield* settle
      const closed = { ...gap, to: at(10) }
      expect([ledger.pending(shop), gaps()]).toEqual([[closed], [closed]])
    })
  )

  it.scoped("closes an open gap at the time when its instance was stopped", () =>
    Effect.gen(function* () {
      const gap = storedOpen(-600)
      const { gaps, ledger } = yield* makeWorld({
        instances: [wanted({ desired: "stopped", desiredAt: at(-300) })],
        unfinished: [gap],
        lastHeartbeat: killed
      })
      expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 1 })
      expect(ledger.pending(shop)).toEqual([{ ...gap, to: at(-300) }])
      expect(gaps()).toEqual(ledger.pending(shop))
    })
  )

  it.scoped("reopens the last gap when it ended within 5 s before the last heartbeat", () =>
    Effect.gen(function* () {
      const gap = Gap.retrying({ ...stored(-600, -32), fetched: 7 }, "why", at(60))
      const { ledger } = yield* makeWorld({
        instances: [wanted()],
        unfinished: [gap],
        lastHeartbeat: killed
      })
      const open = { ...gap, to: null, recovered: null, note: null, retryAt: null }
      expect(ledger.summary(shop)).toEqual({ open, unrecovered: 0 })
    })
  )

  it.scoped("has pending gaps, oldest first, beside the gap it opens", () =>
    Effect.gen(function* () {
      const waiting = [stored(-600, -500), stored(-400, -300)]
      const { gaps, ledger } = yield* makeWorld({
        instances: [wanted()],
        unfinished: waiting,
        lastHeartbeat: killed
      })
      expect(ledger.pending(shop)).toEqual(waiting)
      const { open, unrecovered } = ledger.summary(shop)
      expect([open?.from, unrecovered]).toEqual([at(-35), 2])
      expect(gaps()).toEqual([open])
    })
  )

  it.scoped("counts gaps given up before the restart and after it", () =>
    Effect.gen(function* () {
      const waiting = stored(-600, -500)
      const { ledger } = yield* makeWorld({
        unfinished: [waiting],
        lost: [
          ["shop-1", 3],
          ["bar-1", 2]
        ]
      })
      expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 4 })
      expect(ledger.summary(bar)).toEqual({ open: null, unrecovered: 2 })
      yield* ledger.update(Gap.lost(waiting, "not_stored", "why"))
      expect(ledger.summary(shop)).toEqual({ open: null, unrecovered: 4 })
      yield* ledger.open(bar, millis(0), "not_reached")
      yield* ledger.close(bar)
      expect(ledger.summary(bar)).toEqual({ open: null, unrecovered: 3 })
    })
  )
})
