/** Verdicts that are taken back because their reason has gone. */
import { Effect } from "effect"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import * as Gap from "../../Domain/Gap.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { GapStore } from "../../Log/GapStore.ts"
import { GapLedger } from "../GapLedger.ts"

/** Gaps that are remembered to have been revived. */
const maxRemembered = 10_000

/** Gaps of one instance that are tried again at once; the newest. */
const maxRevived = 100

export interface Retries {
  /** Tries the lost gaps of an instance again that ended for this reason. */
  readonly revive: (
    instance: InstanceName,
    reason: "not_stored" | "not_found"
  ) => Effect.Effect<void>
  /** The reason of a new verdict: one that was revived and not stored is not tried again by itself. */
  readonly reason: (gap: Gap.Closed, found: "not_stored" | "recreated") => Gap.LostReason
}

export const make = Effect.gen(function* () {
  const store = yield* GapStore
  const ledger = yield* GapLedger
  /** Gaps that were not stored and are tried once more. */
  const again = new Set<string>()

  const retries: Retries = {
    revive: (instance, reason) =>
      Effect.gen(function* () {
        for (const gap of yield* store.lostFor(instance, reason, maxRevived)) {
          if (Gap.isOpen(gap)) continue
          if (reason === "not_stored" && again.size < maxRemembered) again.add(gap.id)
          yield* ledger.retry(gap)
        }
      }).pipe(
        // The next session, or the next gap that is recovered, looks again.
        Effect.catchAll((error) =>
          Effect.logDebug(`Cannot look for gaps to try again: ${detailOf(error)}`)
        )
      ),
    reason: ({ id }, found) => (again.delete(id) && found === "not_stored" ? "never_stored" : found)
  }
  return retries
})
