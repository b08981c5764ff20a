/** The service as a whole: each Evolution server as it is found, its instances by their states, and the next step for a person. */
import { Schema } from "effect"
import * as ClockOffset from "./ClockOffset.ts"
import type { InstanceName } from "./Instance.ts"
import { ListenerState } from "./ListenerState.ts"
import { ServerId } from "./Server.ts"
import { type InstanceStatus, UserAction } from "./Status.ts"
import { Condition, type Found, type LinkError, Proven } from "./Summary/Found.ts"
import { actions, sentenceOf } from "./Summary/Sentence.ts"

export { Condition, type Found, Proven, unproven } from "./Summary/Found.ts"
export { broadcastRemedy } from "./Summary/Sentence.ts"

const Counts = Schema.Record({ key: Schema.String, value: Schema.Int })

/** Facts that a line about a server has, too. */
const atOneGlance = {
  /** The id of the Evolution server. */
  server: ServerId,
  condition: Condition,
  /** The condition and the next step in a sentence. */
  message: Schema.String,
  userAction: UserAction,
  /** Counts of the instances that the caller may see; states that no instance has are left out. */
  instances: Schema.Struct({
    known: Schema.Int,
    listenedTo: Schema.Int,
    listeners: Counts,
    whatsapp: Counts,
    userActions: Counts,
    gapsOpen: Schema.Int,
    gapsUnrecovered: Schema.Int,
    ignoredEvents: Schema.Int
  })
}

/** One Evolution server, and its instances. */
export const ServerSummary = Schema.Struct({
  ...atOneGlance,
  evolution: Schema.Struct({
    url: Schema.String,
    mode: Schema.Literal("global", "namespace", "auto"),
    /** Events come by global events, or by each instance's namespace. In auto mode this changes. */
    listensBy: Schema.Literal("global", "namespace"),
    /** `null`: Evolution has not told it yet. */
    version: Schema.NullOr(Schema.String),
    /** `null`: not known yet; as all of these. */
    isReachable: Schema.NullOr(Schema.Boolean),
    isKeyAccepted: Schema.NullOr(Schema.Boolean),
    /** The link for all instances; `null`: each listener has one of its own. */
    link: Schema.NullOr(ListenerState),
    events: Proven,
    /** The time of Evolution's last list, and the error of the last question for it. */
    list: Schema.Struct({
      at: Schema.NullOr(Schema.DateTimeUtc),
      error: Schema.NullOr(Schema.String)
    }),
    /** The time by which our clock is surely ahead of Evolution's, in ms; `null`: not measured. */
    clockOffsetMillis: Schema.NullOr(Schema.Number)
  })
})
export type ServerSummary = typeof ServerSummary.Type

/** A line about a server, where there are several. */
export const ServerLine = Schema.Struct(atOneGlance).annotations({ identifier: "ServerLine" })
export type ServerLine = typeof ServerLine.Type

/** One server in full, and a line about each. */
export const Summary = Schema.Struct({
  ...ServerSummary.fields,
  /** The servers that the caller may see, this one included, in the order of the settings. */
  servers: Schema.Array(ServerLine)
}).annotations({ identifier: "Summary" })
export type Summary = typeof Summary.Type

/** `all`: of each server that the caller may see. */
export const together = (one: ServerSummary, all: ReadonlyArray<ServerSummary>): Summary => ({
  ...one,
  servers: all.map(({ evolution: _, ...line }) => line)
})

/** `sees`: the instances that the caller may see. */
export const summaryOf = (
  found: Found,
  statuses: ReadonlyArray<InstanceStatus>,
  sees: (name: InstanceName) => boolean
): ServerSummary => {
  const { clockOffset, events, link, list, listensBy, mode, server, url, version } = found
  const linkError = errorOf(found.link) ?? firstError(statuses)
  const condition = conditionOf(found, linkError)
  const seen = statuses.filter(({ name }) => sees(name))
  // The sign of silence may name an instance that the caller may not see.
  const isHidden = seen.length < statuses.length
  const error = list.error?.message ?? null
  return {
    server,
    condition,
    message: sentenceOf(condition, found, linkError),
    userAction: actions[condition] ?? "none",
    evolution: {
      url,
      mode,
      listensBy,
      version,
      link,
      clockOffsetMillis: clockOffset === null ? null : ClockOffset.certain(clockOffset),
      events: isHidden ? { ...events, evidence: null, instance: null } : events,
      isReachable: isReachable(found.list),
      isKeyAccepted:
        condition === "key_refused" ? false : list.at !== null && list.error === null ? true : null,
      list: { at: list.at, error }
    },
    instances: {
      known: seen.length,
      listenedTo: seen.filter(({ desired }) => desired.state === "listening").length,
      listeners: counted(seen, ({ listener }) => listener.state._tag),
      whatsapp: counted(seen, ({ whatsapp }) => whatsapp?.state ?? "unknown"),
      userActions: counted(seen, ({ userAction }) => userAction),
      gapsOpen: seen.filter(({ gaps }) => gaps.open !== null).length,
      gapsUnrecovered: seen.reduce((sum, { gaps }) => sum + gaps.unrecovered, 0),
      ignoredEvents: seen.reduce((sum, { ignoredEvents }) => sum + ignoredEvents, 0)
    }
  }
}

const counted = (
  statuses: ReadonlyArray<InstanceStatus>,
  of: (status: InstanceStatus) => string
): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const status of statuses) counts[of(status)] = (counts[of(status)] ?? 0) + 1
  return counts
}

const errorOf = (state: ListenerState | null): LinkError => {
  if (state === null || state._tag === "Stopped" || state._tag === "Listening") return undefined
  const { error } = state
  return error === null || error._tag === "ListenerCrashed" ? undefined : error
}

/** These errors are about one namespace, and say nothing about Evolution. */
const ownErrors: ReadonlySet<string> = new Set([
  "NamespaceRefused",
  "NameImpossible",
  "ModeChanged"
])

const firstError = (statuses: ReadonlyArray<InstanceStatus>): LinkError => {
  for (const { listener } of statuses) {
    const error = errorOf(listener.state)
    if (error !== undefined && !ownErrors.has(error._tag)) return error
  }
  return undefined
}

const isReachable = ({ at, error }: Found["list"]): boolean | null => {
  if (error === null) return at === null ? null : true
  if (error._tag === "SqlError") return null
  return error._tag !== "EvolutionUnavailable"
}

const reasonOf = (error: LinkError) => (error?._tag === "UpgradeRefused" ? error.reason : undefined)

const conditionOf = (
  { events, link, list, listensBy, mode }: Found,
  error: LinkError
): Condition => {
  const reason = reasonOf(error)
  const tags = [list.error?._tag, error?._tag]
  if (tags.includes("KeyRefused") || reason === "key") return "key_refused"
  if (tags.includes("LicenseRequired") || reason === "license") return "license_required"
  if (reason === "disabled") return "websocket_disabled"
  if (isReachable(list) === false) return "not_reached"
  if (list.at === null && list.error === null) return "starting"
  if (error !== undefined) return "no_link"
  if (list.at === null || link?._tag === "Connecting") return "starting"
  if (events.state === "silent") return "not_broadcast"
  if (mode === "auto" && listensBy === "namespace") return "by_namespace"
  return events.state === "proven" ? "well" : "unproven"
}
