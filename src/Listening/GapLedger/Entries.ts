/** The ledger's state in memory: of each instance the unfinished gaps, and the number of lost ones. */
import { DateTime } from "effect"
import * as Gap from "../../Domain/Gap.ts"

interface Entry {
  /** Unfinished gaps, oldest first; one may be open. */
  readonly gaps: ReadonlyArray<Gap.Open | Gap.Recoverable>
  /** The number of lost gaps. */
  readonly lost: number
  /** Messages of a time before were imported, or are being. */
  readonly hasImport: boolean
}

const nothing: Entry = { gaps: [], lost: 0, hasImport: false }

/** Beyond this many unfinished gaps of one instance, the last one is reopened in place of a new one. */
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
      unrecovered:
        entryOf(instance).lost + pendingOf(instance).filter((gap) => !Gap.isImport(gap)).length
    }),
    /** The unfinished gap of this id. */
    get: ({ id, instance }: Gap.Gap) => entryOf(instance).gaps.find((gap) => gap.id === id),
    /** The closed gap that a new one, which begins at `from`, continues. */
    before: (instance: string, from: DateTime.Utc, cause: Gap.GapCause) => {
      const { gaps } = entryOf(instance)
      // While a link holds, back-fill of the time before it may run; a gap within that time is apart from it.
      const last = gaps.findLast((gap) => kindOf(gap.cause) === kindOf(cause))
      return last !== undefined &&
        Gap.isRecoverable(last) &&
        (DateTime.greaterThanOrEqualTo(last.to, from) || gaps.length >= maxPending)
        ? last
        : undefined
    },
    keep: (gap: Gap.Gap) => {
      const { gaps, ...entry } = entryOf(gap.instance)
      const others = gaps.filter(({ id }) => id !== gap.id)
      const hasImport = entry.hasImport || Gap.isImport(gap)
      entries.set(
        gap.instance,
        Gap.isOpen(gap) || Gap.isRecoverable(gap)
          ? { gaps: [...others, gap].sort(byFrom), lost: entry.lost, hasImport }
          : {
              gaps: others,
              lost: entry.lost + (gap.recovered === true || Gap.isImport(gap) ? 0 : 1),
              hasImport
            }
      )
    },
    lost: (instance: string, lost: number) => entries.set(instance, { ...nothing, lost }),
    imported: (instance: string) =>
      entries.set(instance, { ...entryOf(instance), hasImport: true }),
    hasImport: (instance: string) => entryOf(instance).hasImport,
    /** Takes this many deleted gaps off the count of lost ones. */
    forgetUnrecovered: (instance: string, count: number) => {
      const entry = entries.get(instance)
      if (entry !== undefined)
        entries.set(instance, { ...entry, lost: Math.max(0, entry.lost - count) })
    },
    forget: (instance: string) => entries.delete(instance)
  }
}

/** A gap that can begin while the link holds is of a kind of its own. */
const kindOf = (cause: Gap.GapCause): string =>
  cause === "not_subscribed" || cause === "import" || Gap.isDeaf({ cause }) ? cause : "link"

const byFrom = (left: Gap.Gap, right: Gap.Gap) => DateTime.Order(left.from, right.from)
