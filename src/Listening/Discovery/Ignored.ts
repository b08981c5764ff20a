/** Events that were heard of each instance while no listener was there to log them. */

/** Names that a look at Evolution's list was taken for, at most; they come from outside. */
const maxStrangers = 1024

/** `isKnown`: says if an instance has a record. */
export const make = (isKnown: (name: string) => boolean) => {
  const counts = new Map<string, number>()
  const strangers = new Set<string>()
  return {
    /** Counts an event; true if its instance is unknown and was not heard of before. */
    note: (name: string): boolean => {
      if (isKnown(name)) {
        counts.set(name, (counts.get(name) ?? 0) + 1)
        return false
      }
      if (strangers.has(name) || strangers.size >= maxStrangers) return false
      strangers.add(name)
      return true
    },
    count: (name: string): number => counts.get(name) ?? 0,
    /** Forgets instances that have no record, so that the counts are bounded by the records. */
    prune: (): void => {
      for (const name of counts.keys()) if (!isKnown(name)) counts.delete(name)
      for (const name of strangers) if (isKnown(name)) strangers.delete(name)
    }
  }
}
