/** Instances that were deleted a moment ago. Evolution still lists them while it cleans up. */
import { Duration } from "effect"

/** Evolution cleans up after its answer to a deletion, within this time. */
const cleanUp = Duration.toMillis("10 seconds")

/** No answer is used that took longer. */
const longestList = Duration.toMillis("5 minutes")

/** Times are in ms since 1970 UTC. */
export const make = () => {
  const forgotten = new Map<string, number>()
  return {
    note: (name: string, now: number): void => {
      for (const [other, at] of forgotten) if (now - at > longestList) forgotten.delete(other)
      forgotten.set(name, now)
    },
    /** True if a list that was asked for at this time may have an instance that was deleted before. */
    mayLinger: (name: string, listedAt: number): boolean => {
      const at = forgotten.get(name)
      return at !== undefined && listedAt <= at + cleanUp
    }
  }
}
