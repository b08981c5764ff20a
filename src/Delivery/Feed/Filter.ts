/** The events that a feed takes. */
import { Array as Arr } from "effect"
import type { ChatKind, Endpoint, Filter } from "../../Domain/Endpoint.ts"
import type { LoggedEvent } from "../../Domain/Event.ts"
import { settingsForm } from "../../Domain/EventName.ts"
import { matcherOf } from "../../Domain/Key.ts"
import * as Message from "../../Domain/Message.ts"
import type { EventQuery } from "../../Log/EventStore.ts"

export interface Takes {
  readonly takes: (event: LoggedEvent) => boolean
  /** Says that events of the instance may be taken. */
  readonly isAbout: (instance: string) => boolean
  /** The filter, as far as the log can apply it. */
  readonly query: Pick<EventQuery, "events" | "only">
}

type Patterns = ReadonlyArray<string> | null | undefined

const matches = (patterns: Patterns): ((name: string) => boolean) =>
  patterns == null ? () => true : matcherOf(patterns)

/** A pattern in the form of Evolution's settings, such as `MESSAGES_*`, is one of names in that form. */
const matchesEvent = (patterns: Patterns): ((event: string) => boolean) => {
  if (patterns == null) return () => true
  const [inSettings, onWire] = Arr.partition(patterns, (pattern) => !/^[A-Z_*]*[A-Z]/.test(pattern))
  const [isInSettings, isOnWire] = [matcherOf(inSettings), matcherOf(onWire)]
  return (event) =>
    (onWire.length > 0 && isOnWire(event)) ||
    (inSettings.length > 0 && isInSettings(settingsForm(event)))
}

interface About {
  readonly chat: Message.Chat | null
  readonly fromMe: boolean
}

/** The message, or the change of one, that an event tells of. */
const aboutOf: Readonly<Record<string, (data: unknown) => About | null>> = {
  "messages.upsert": (data) => Message.view(data),
  "send.message": (data) => Message.view(data),
  "messages.update": Message.statusOf,
  "messages.delete": Message.deletionOf
}

const isMessage = (event: string): boolean =>
  event === "messages.upsert" || event === "send.message"

/** Conditions about messages. Of data that is no message none holds. */
const fits = ({ event, json }: LoggedEvent, { chats, fromMe, hasMedia }: Filter): boolean => {
  const about = aboutOf[event]
  if (about === undefined) return true
  const data: unknown = JSON.parse(json)
  const seen = about(data)
  if (fromMe !== undefined && seen?.fromMe !== fromMe) return false
  const kind = seen?.chat?.kind
  if (chats !== undefined && (kind === undefined || !chats.includes(nameOf(kind)))) return false
  return hasMedia === undefined || !isMessage(event) || hasMedia === mediaIn(Message.view(data))
}

const nameOf = (kind: Message.ChatKind): ChatKind => (kind === "person" ? "direct" : kind)

const mediaIn = (seen: object | null): boolean => seen !== null && "media" in seen

/**
 * `narrowing`: conditions of a replay, which hold beside the endpoint's. Without names of events, the shape
 * `evolution` takes those that Evolution has, as its receivers know no others.
 */
export const takesOf = (
  { bounds, settings }: Pick<Endpoint, "bounds" | "settings">,
  narrowing: Pick<Filter, "events" | "instances"> = {}
): Takes => {
  const { events, instances, shape } = settings
  const byName = [instances, bounds.instances, narrowing.instances]
  const isNamed = byName.map(matches)
  const isWanted = [events, narrowing.events].map(matchesEvent)
  const isForeign = shape === "evolution" && events === undefined
  const isAboutMessages =
    settings.chats !== undefined || settings.fromMe !== undefined || settings.hasMedia !== undefined
  const isAbout = (instance: string) => isNamed.every((is) => is(instance))
  const plain = [events, narrowing.events].find((names) => names?.every(isPlain))
  return {
    isAbout,
    takes: (one) =>
      isWanted.every((is) => is(one.event)) &&
      (!isForeign || one.origin !== "listener") &&
      isAbout(one.instance) &&
      (!isAboutMessages || fits(one, settings)),
    query: {
      events: plain ?? [],
      only: byName.find((patterns) => patterns != null) ?? null
    }
  }
}

const isPlain = (pattern: string): boolean => !pattern.includes("*")

/** Says that an endpoint takes events of a server at all. */
export const isForServer = (
  { bounds, settings }: Pick<Endpoint, "bounds" | "settings">,
  server: string
): boolean =>
  [settings.servers, bounds.servers].every(
    (servers) => servers == null || servers.some((one) => one === server)
  )
