import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { KeyRefused, LicenseRequired } from "../../../src/Domain/EvolutionError.ts"
import { HeartbeatMissed, UpgradeRefused } from "../../../src/Domain/LinkError.ts"
import { parkReason } from "../../../src/Listening/Pacing.ts"
import { about, fails, holds, listener, lost, nextAttempt } from "./scenario.ts"

const license = '{"error":"service not activated","code":"LICENSE_REQUIRED"}'
const express =
  '{"status":404,"error":"Not Found","response":{"message":["Cannot GET /socket.io/"]}}'

const refusals = [
  [400, "Invalid global token", "check_api_key"],
  [400, "apiKey is required", "check_api_key"],
  [503, license, "activate_license"],
  [404, express, "enable_websocket"]
] as const

describe("A listener", () => {
  it.scoped.each(refusals)('parks after HTTP %s "%s": %s', ([status, words, userAction]) =>
    Effect.gen(function* () {
      const refusal = UpgradeRefused.of(status, words)
      const seen = yield* listener({ dials: [fails(refusal)] })
      expect(seen.state()).toMatchObject({ _tag: "Parked", userAction, attempt: 1 })
      // The error keeps Evolution's own words.
      expect(seen.state()).toMatchObject({ error: { status, body: words } })
      expect(refusal.message).toContain(words.slice(0, 20))
    })
  )

  it.scoped.each([
    [new KeyRefused({ message: "Evolution refused the API key: Unauthorized" }), "check_api_key"],
    [new LicenseRequired({ message: "Evolution is not activated" }), "activate_license"]
  ] as const)(
    "parks when the snapshot is refused while the link is up: %s",
    ([error, userAction]) =>
      Effect.gen(function* () {
        const seen = yield* listener({ dials: [holds()], snapshot: () => error })
        expect(seen.state()).toMatchObject({ _tag: "Parked", userAction, error })
        expect(seen.openScopes).toBe(0)
      })
  )

  it.scoped("dials about every five minutes while it is parked, and recovers", () =>
    Effect.gen(function* () {
      const bad = fails(UpgradeRefused.of(400, "Invalid global token"))
      const seen = yield* listener({ dials: [bad, bad, bad, holds()] })
      for (let probe = 1; probe <= 3; probe++) {
        const at = nextAttempt(seen.state())
        expect(at - (seen.dialledAt.at(-1) ?? 0)).toEqual(about(300_000))
        yield* TestClock.setTime(at - 1)
        expect(seen.dialledAt.length).toBe(probe)
        yield* TestClock.setTime(at + 1)
        expect(seen.dialledAt.length).toBe(probe + 1)
      }
      // A probe reports no "Connecting": the state stays Parked for readers of the status.
      expect(seen.tags().filter((tag) => tag !== "Parked")).toEqual(["Connecting", "Listening"])
      expect(seen.state()?._tag).toBe("Listening")
    })
  )

  it.scoped("keeps the time it was parked at through all probes", () =>
    Effect.gen(function* () {
      const { state } = yield* listener({
        dials: [fails(lost), fails(UpgradeRefused.of(404, express))]
      })
      yield* TestClock.adjust("1 second")
      const since = state()?.since
      yield* TestClock.adjust("30 minutes")
      expect(state()).toMatchObject({ _tag: "Parked", since })
    })
  )

  it.scoped("waits 0.5 s after the first failure that follows a parked state", () =>
    Effect.gen(function* () {
      const bad = fails(UpgradeRefused.of(400, "apiKey is required"))
      const seen = yield* listener({ dials: [bad, fails(lost), holds()] })
      yield* TestClock.adjust("6 minutes")
      yield* TestClock.adjust("1 second")
      expect(seen.gaps().at(-1)).toEqual(about(500))
      expect(seen.state()?._tag).toBe("Listening")
    })
  )

  it("does not park after an error that passes without user action", () => {
    const passing = [
      lost,
      HeartbeatMissed.of(45_000),
      UpgradeRefused.of(400, "Authentication error"),
      UpgradeRefused.of(401, "Unauthorized"),
      UpgradeRefused.of(403, "Forbidden"),
      UpgradeRefused.of(404, "404 page not found"),
      UpgradeRefused.of(502, ""),
      UpgradeRefused.of(503, "Service Unavailable")
    ]
    expect(passing.map(parkReason)).toEqual(passing.map(() => undefined))
  })
})
