/** The service as a whole: Evolution as it is found, the instances by their states, and the next step for a person. */
import { type DateTime, Schema } from "effect"
import * as ClockOffset from "./ClockOffset.ts"
import type { EvolutionError } from "./EvolutionError.ts"
import type { InstanceName } from "./Instance.ts"
import { ListenerState, type SessionError } from "./ListenerState.ts"
import { type InstanceStatus, UserAction } from "./Status.ts"

/**
 * Evidence that Evolution's events reach us over the link that is up. `unproven`: nothing has come over it,
 * and nothing is known to have happened. `silent`: something happened, and no event of it came.
 */
export const Proven = Schema.Struct({
  state: Schema.Literal("unproven", "proven", "silent"),
  /** The link is `unproven` or `silent` since it came up, and `proven` since its first event. */
  since: Schema.DateTimeUtc,
  /** The sign of silence, in words. */
  evidence: Schema.NullOr(Schema.String),
  /** The instance that `evidence` is about. */
  instance: Schema.NullOr(Schema.String)
})
export type Proven = typeof Proven.Type

export const unproven = (since: DateTime.Utc): Proven => ({
  state: "unproven",
  since,
  evidence: null,
  instance: null
})

/**
 * What is the case with Evolution, worst first. `by_namespace`: auto mode found no global events, and listens by namespaces. `no_link`: REST answers and the socket does not. `unproven`: all
 * is well as far as anybody can see, and no event has come yet.
 */
export const Condition = Schema.Literal(
  "key_refused",
  "license_required",
  "websocket_disabled",
  "not_reached",
  "no_link",
  "starting",
  "not_broadcast",
  "by_namespace",
  "unproven",
  "well"
)
export type Condition = typeof Condition.Type

const Counts = Schema.Record({ key: Schema.String, value: Schema.Int })

export const Summary = Schema.Struct({
  condition: Condition,
  /** The condition and the next step in a sentence. */
  message: Schema.String,
  userAction: UserAction,
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
  }),
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
}).annotations({ identifier: "Summary" })
export type Summary = typeof Summary.Type

/** Facts about Evolution as they are found. */
export interface Found {
  readonly url: string
  readonly mode: "global" | "namespace" | "auto"
  readonly listensBy: "global" | "namespace"
  readonly version: string | null
  readonly link: ListenerState | null
  readonly events: Proven
  readonly list: {
    readonly at: DateTime.Utc | null
    readonly error:
      | (EvolutionError | { readonly _tag: "SqlError"; readonly message: string })
      | null
  }
  readonly clockOffset: ClockOffset.ClockOffset | null
}

/** `sees`: the instances that the caller may see. */
export const summaryOf = (
  found: Found,
  statuses: ReadonlyArray<InstanceStatus>,
  sees: (name: InstanceName) => boolean
): Summary => {
  const { clockOffset, events, link, list, listensBy, mode, url, version } = found
  const linkError = errorOf(found.link) ?? firstError(statuses)
  const condition = conditionOf(found, linkError)
  const seen = statuses.filter(({ name }) => sees(name))
  // The sign of silence may name an instance that the caller may not see.
  const isHidden = seen.length < statuses.length
  const error = list.error?.message ?? null
  return {
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

type LinkError = SessionError | undefined

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

const actions: Readonly<Partial<Record<Condition, UserAction>>> = {
  key_refused: "check_api_key",
  license_required: "activate_license",
  websocket_disabled: "enable_websocket",
  not_reached: "wait",
  no_link: "wait",
  starting: "wait",
  not_broadcast: "enable_global_events"
}

export const broadcastRemedy =
  "set WEBSOCKET_GLOBAL_EVENTS=true at Evolution and restart it, or EVOLUTION_MODE=auto here"

const sentenceOf = (condition: Condition, { list, url }: Found, error: LinkError): string => {
  switch (condition) {
    case "key_refused":
      return "Evolution refuses our key: EVOLUTION_API_KEY has to be Evolution's AUTHENTICATION_API_KEY"
    case "license_required":
      return "Evolution has no licence and refuses everything: activate it at its /manager/login, or use 2.3.7, which needs none"
    case "websocket_disabled":
      return "Evolution's websockets are off: set WEBSOCKET_ENABLED=true at Evolution and restart it"
    case "not_reached":
      return `Evolution does not answer at ${url}: ${list.error?.message}; check EVOLUTION_API_URL, and that Evolution runs`
    case "no_link":
      return `Evolution's REST side answers and its socket does not: ${error?.message}`
    case "starting":
      return "Evolution is being asked; look again in a moment"
    case "not_broadcast":
      return `The link to Evolution is up and brings no events: ${broadcastRemedy}`
    case "by_namespace":
      return "Evolution sends no global events, so each instance is listened to by its namespace; there is nothing to do. Evolution makes a namespace with the instance's first event. One link would do for all with WEBSOCKET_GLOBAL_EVENTS=true at Evolution"
    case "unproven":
      return "No event has come yet: the first one proves that they reach us (a message to one of the numbers, or a new instance)"
    case "well":
      return "Events reach us; there is nothing to do"
  }
}
