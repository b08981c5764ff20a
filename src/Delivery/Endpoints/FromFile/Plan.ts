/** What becomes of each endpoint when the file is applied. */
import { DateTime, Duration } from "effect"
import type { Endpoint } from "../../../Domain/Endpoint.ts"
import type { EndpointWanted } from "../Asked.ts"
import type { Entry, Found } from "../Rows.ts"

/** The reason of an endpoint that was disabled because the file does not have it. */
export const absentReason = "ENDPOINTS_FILE does not have it any more"

/** A day in which a replica with an older file, or a mistake in the file, deletes nothing. */
const deletedAfter = Duration.days(1)

/** What an endpoint was before it was disabled for its absence. */
export interface Absence {
  readonly endpoint: string
  readonly since: Date
  readonly state: Endpoint["state"]
  readonly reason: string | null
}

interface Kept {
  /**
   * `adopted`: the API made it. `back`: the file did not have it for a while; it is again what it was before, and
   * perhaps changed.
   */
  readonly outcome: "unchanged" | "changed" | "adopted" | "back"
  readonly wanted: EndpointWanted
  readonly entry: Entry
  /** The state that it gets back. */
  readonly before?: Absence
}

/** `absent`: it was disabled by an earlier start. */
interface Missing {
  readonly outcome: "disabled" | "absent" | "deleted"
  readonly entry: Entry
}

/** `unread`: a later version wrote it, so it stays as it is. */
interface Other {
  readonly outcome: "created" | "unread"
  readonly wanted: EndpointWanted
}

export type Step = Kept | Missing | Other

export interface Outcome {
  readonly name: string
  readonly outcome: Step["outcome"]
}

export const outcomeOf = (step: Step): Outcome => ({
  name: ("entry" in step ? step.entry.endpoint.settings : step.wanted.settings).name,
  outcome: step.outcome
})

export interface Known {
  readonly entries: ReadonlyArray<Entry>
  readonly unread: ReadonlyArray<Found>
  readonly absences: ReadonlyArray<Absence>
}

const isUnbound = ({ endpoint: { bounds } }: Entry) =>
  bounds.instances === null && bounds.servers === null

/** `isAsWanted`: nothing of the endpoint would be written. */
export const planOf = (
  file: ReadonlyArray<EndpointWanted>,
  { absences, entries, unread }: Known,
  isAsWanted: (entry: Entry, wanted: EndpointWanted) => boolean,
  now: DateTime.Utc
): ReadonlyArray<Step> => {
  const known = new Map(
    entries.filter(isUnbound).map((entry) => [entry.endpoint.settings.name, entry])
  )
  const away = new Map(absences.map((absence) => [absence.endpoint, absence]))
  const names = new Set(file.map(({ settings: { name } }) => name))
  // Somebody may have resumed it since: then it was not away.
  const absenceOf = ({ endpoint: { id, reason, state } }: Entry) =>
    state === "disabled" && reason === absentReason ? away.get(id) : undefined

  const ofWanted = (wanted: EndpointWanted): Step => {
    const { name } = wanted.settings
    const entry = known.get(name)
    if (entry === undefined)
      return { outcome: unread.some((row) => row.name === name) ? "unread" : "created", wanted }
    if (entry.endpoint.source === "api") return { outcome: "adopted", wanted, entry }
    const before = absenceOf(entry)
    if (before !== undefined) return { outcome: "back", wanted, entry, before }
    return { outcome: isAsWanted(entry, wanted) ? "unchanged" : "changed", wanted, entry }
  }

  const ofMissing = (entry: Entry): Step => {
    const absence = absenceOf(entry)
    if (absence === undefined) return { outcome: "disabled", entry }
    const end = DateTime.addDuration(DateTime.unsafeFromDate(absence.since), deletedAfter)
    return { outcome: DateTime.lessThan(now, end) ? "absent" : "deleted", entry }
  }

  return [
    ...file.map(ofWanted),
    ...entries
      .filter(
        ({ endpoint: { settings, source } }) => source === "file" && !names.has(settings.name)
      )
      .map(ofMissing)
  ]
}
