/**
 * Names of events. Evolution has two forms: `qrcode.updated` on the wire, `QRCODE_UPDATED` in its
 * settings. This service uses the wire's form and accepts both.
 */

/** Wire names of Evolution 2.x (`EventController.events`), and 2.4's `messaging-history.set`. */
export const eventNames = [
  "application.startup",
  "qrcode.updated",
  "messages.set",
  "messages.upsert",
  "messages.edited",
  "messages.update",
  "messages.delete",
  "send.message",
  "send.message.update",
  "contacts.set",
  "contacts.upsert",
  "contacts.update",
  "presence.update",
  "chats.set",
  "chats.upsert",
  "chats.update",
  "chats.delete",
  "groups.upsert",
  "groups.update",
  "group-participants.update",
  "connection.update",
  "labels.edit",
  "labels.association",
  "call",
  "typebot.start",
  "typebot.change-status",
  "remove.instance",
  "logout.instance",
  "instance.create",
  "instance.delete",
  "status.instance",
  "messaging-history.set"
] as const

/** Events of our own, beside Evolution's. */
export const ownEventNames = [
  "connection.repeated",
  "endpoint.blocked",
  "endpoint.disabled",
  "endpoint.failing",
  "endpoint.recovered",
  "gap.updated",
  "instance.updated",
  "listener.updated"
] as const

/** The wire name of an event that Evolution documents, or of one of our own. */
export type EventName = (typeof eventNames)[number] | (typeof ownEventNames)[number]

type Underscored<
  Text extends string,
  Mark extends string
> = Text extends `${infer Head}${Mark}${infer Tail}` ? `${Head}_${Underscored<Tail, Mark>}` : Text
/** The same in types as `settingsForm`. */
export type SettingsForm<Wire extends string> = Uppercase<Underscored<Underscored<Wire, ".">, "-">>

type WireForms = {
  readonly [Wire in (typeof eventNames)[number] as SettingsForm<Wire>]: Wire
} & { readonly GROUP_UPDATE: "groups.update" }

/** A known name in either form. */
export type Spelling = EventName | keyof WireForms

/** The same in types as `toWireName`. */
export type WireName<Name extends string> = Name extends keyof WireForms ? WireForms[Name] : Name

const known: ReadonlySet<string> = new Set([...eventNames, ...ownEventNames])

/** True for the wire name of a known event. */
export const isEventName = (wire: string): boolean => known.has(wire)

/** A known name, or `other`, as unknown names are unbounded in number. */
export const boundedName = (wire: string): string => (isEventName(wire) ? wire : "other")

/** The name in the form of Evolution's settings. */
export const settingsForm = (wire: string): string => wire.toUpperCase().replaceAll(/[.-]/g, "_")

/** Every event, in the form of Evolution's settings. */
export const settingsNames: ReadonlyArray<string> = eventNames.map(settingsForm)

const wireForms = new Map<string, string>([
  ...eventNames.map((wire) => [settingsForm(wire), wire] as const),
  // Evolution's settings list calls `groups.update` so, and therefore never matches it.
  ["GROUP_UPDATE", "groups.update"]
])

/** The wire's form of a name in either form; an unknown name stays as it is. */
export const toWireName = (name: string): string => wireForms.get(name) ?? name
