/** Signs that wait until the events that belong to them had time to come. */
import { Duration } from "effect"
import { transit } from "../GapLedger.ts"
import type { Sign } from "./Evidence.ts"

/** Two lists bring a sign for each instance at most; creations are calls. */
const max = 10_000

/** Times in ms since 1970 UTC. */
export const make = () => {
  let all: ReadonlyArray<Sign & { readonly dueAt: number }> = []
  return {
    add: (signs: ReadonlyArray<Sign>, now: number): void => {
      const dueAt = now + Duration.toMillis(transit)
      all = [...all, ...signs.map((sign) => ({ ...sign, dueAt }))].slice(-max)
    },
    /** Removes the signs that are due. */
    take: (now: number): ReadonlyArray<Sign> => {
      const due = all.filter(({ dueAt }) => dueAt <= now)
      if (due.length > 0) all = all.filter(({ dueAt }) => dueAt > now)
      return due
    },
    clear: (): void => {
      all = []
    }
  }
}
