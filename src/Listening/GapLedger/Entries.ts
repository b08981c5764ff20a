/** What the ledger knows of each instance: the gaps that are not done with, and how many are lost. */
import { DateTime } from "effect"
import * as Gap from "../../Domain/Gap.ts"

interface Entry {
  /** Those not done with, oldest first; one may be open. */
  readonly gaps: ReadonlyArray<Gap.Open | Gap.Recoverable>
  /** How many are done with and not recovered. */
  readonly lost: number
}

const nothing: Entry = { gaps: [], lost: 0 }

/** Beyond this many gaps of one instance that wait for back-fill, the last one is drawn out. */
const maxPending = 100

export const make = () => {
  const entries = new Map<string, Entry>()
  const entryOf = (instance: string) => entries.get(instance) ?? nothing
  const openOf = (instance: string) => entryOf(instance).gaps.find(Gap.isOpen)
  const pendingOf = (instance: string) => entryOf(instance).gaps.filter(Gap.isRecoverable)

  return {
    open: openOf,
    /** Oldest first. */
    pending: pendingOf,
    summary: (instance: string): Gap.GapSummary => ({
      open: openOf(instance) ?? null,
      unrecovered: entryOf(instance).lost + pendingOf(instance).length
    }),
    /** The gap as it is known, unless it is done with. */
    get: ({ id, instance }: Gap.Gap) => entryOf(instance).gaps.find((gap) => gap.id === id),
    /** The closed gap that another one, which begins at `from`, is the continuation of. */
    before: (instance: string, from: DateTime.Utc, cause: Gap.GapCause) => {
      const { gaps } = entryOf(instance)
      // On a link that holds, back-fill of what the link before it missed may be under way.
      const last = gaps.findLast(
        (gap) => (gap.cause === "not_subscribed") === (cause === "not_subscribed")
      )
      return last !== undefined &&
        Gap.isRecoverable(last) &&
        (DateTime.greaterThanOrEqualTo(last.to, from) || gaps.length >= maxPending)
        ? last
        : undefined
    },
    keep: (gap: Gap.Gap) => {
      const { gaps, lost } = entryOf(gap.instance)
      const others = gaps.filter(({ id }) => id !== gap.id)
      entries.set(
        gap.instance,
        Gap.isOpen(gap) || Gap.isRecoverable(gap)
          ? { gaps: [...others, gap].sort(byFrom), lost }
          : { gaps: others, lost: lost + (gap.recovered === true ? 0 : 1) }
      )
    },
    lost: (instance: string, lost: number) => entries.set(instance, { gaps: [], lost }),
    /** So many of the lost ones are too old to be told of. */
    outlived: (instance: string, count: number) => {
      const entry = entries.get(instance)
      if (entry !== undefined)
        entries.set(instance, { ...entry, lost: Math.max(0, entry.lost - count) })
    },
    forget: (instance: string) => entries.delete(instance)
  }
}

const byFrom = (left: Gap.Gap, right: Gap.Gap) => DateTime.Order(left.from, right.from)
