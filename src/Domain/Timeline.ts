/** The history of an instance over a stretch of time, for a person to look at. */
import { DateTime, Option, Schema } from "effect"
import type { LoggedEvent } from "./Event.ts"
import { Gap } from "./Gap.ts"
import { nothingObserved, type Observed, WhatsAppState } from "./Instance.ts"
import { ListenerState } from "./ListenerState.ts"
import { observe } from "./Projection.ts"

const spanOf = <S extends Schema.Schema.Any>(state: S) =>
  Schema.Struct({
    state,
    /** Baileys' disconnect code, when one was given. */
    reason: Schema.NullOr(Schema.Int),
    from: Schema.DateTimeUtc,
    to: Schema.DateTimeUtc
  })

/** `unknown`: before the log begins, and while this service did not run. */
const LinkState = Schema.Literal("Listening", "Waiting", "Parked", "Stopped", "unknown")
type LinkState = typeof LinkState.Type

export const Timeline = Schema.Struct({
  from: Schema.DateTimeUtc,
  to: Schema.DateTimeUtc,
  /** Our link, oldest first; each span lasts until the next. */
  listener: Schema.Array(spanOf(LinkState)),
  /** WhatsApp's state, as it was known at the time. */
  whatsapp: Schema.Array(spanOf(WhatsAppState)),
  /** Oldest first. */
  gaps: Schema.Array(Gap)
}).annotations({ identifier: "Timeline" })
export type Timeline = typeof Timeline.Type

/** The beginning of a state. */
interface Turn<State> {
  readonly state: State
  readonly reason: number | null
  /** Our clock, ms since 1970 UTC. */
  readonly at: number
}

interface Stretch {
  readonly from: DateTime.Utc
  readonly to: DateTime.Utc
}

/** `events`: the state changes of the stretch in order, and some before it, which give the first state. */
export const timelineOf = (
  events: ReadonlyArray<LoggedEvent>,
  gaps: ReadonlyArray<Gap>,
  stretch: Stretch
): Timeline => ({
  ...stretch,
  listener: spans<LinkState>([...linkTurns(events), ...absences(gaps)], stretch),
  whatsapp: spans<WhatsAppState>(whatsappTurns(events), stretch),
  gaps
})

const linkTurns = (events: ReadonlyArray<LoggedEvent>): ReadonlyArray<Turn<LinkState>> =>
  events.flatMap(({ event, json, receivedAt }) => {
    if (event !== "listener.updated") return []
    const state = Option.match(decodeState(json), {
      onNone: () => "unknown" as const,
      onSome: ({ _tag }) => _tag
    })
    return state === "Connecting" ? [] : [{ state, reason: null, at: receivedAt }]
  })

/** While we did not run nobody wrote down how the link was; the next turn ends it. */
const absences = (gaps: ReadonlyArray<Gap>): ReadonlyArray<Turn<LinkState>> =>
  gaps.flatMap(({ cause, from }) =>
    cause === "service_stopped" || cause === "service_crashed"
      ? [{ state: "unknown" as const, reason: null, at: DateTime.toEpochMillis(from) }]
      : []
  )

const whatsappTurns = (events: ReadonlyArray<LoggedEvent>): ReadonlyArray<Turn<WhatsAppState>> => {
  let known: Observed = nothingObserved
  return events.flatMap((event) => {
    known = observe(known, event)
    const { whatsapp } = known
    return whatsapp === null
      ? []
      : [{ state: whatsapp.state, reason: whatsapp.reason, at: event.receivedAt }]
  })
}

/** Turns as touching spans within the stretch, equal neighbours as one. */
const spans = <State>(turns: ReadonlyArray<Turn<State | "unknown">>, { from, to }: Stretch) => {
  const [begin, end] = [DateTime.toEpochMillis(from), DateTime.toEpochMillis(to)]
  const inOrder = [...turns].sort((left, right) => left.at - right.at)
  const before: Turn<State | "unknown"> = { state: "unknown", reason: null, at: begin }
  // Of the turns of one moment the last one counts.
  const latest = new Map([[begin, before]])
  for (const turn of inOrder) {
    const at = Math.max(turn.at, begin)
    if (at >= end) continue
    latest.set(at, turn)
  }
  const merged: Array<Turn<State | "unknown">> = []
  for (const [at, turn] of latest) {
    const last = merged.at(-1)
    if (last?.state !== turn.state || last.reason !== turn.reason) merged.push({ ...turn, at })
  }
  return merged.map(({ at, reason, state }, index) => ({
    state,
    reason,
    from: DateTime.unsafeMake(at),
    to: DateTime.unsafeMake(merged[index + 1]?.at ?? end)
  }))
}

/** One that does not decode was written by another version. */
const decodeState = Schema.decodeOption(Schema.parseJson(ListenerState))
