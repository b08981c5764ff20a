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
  "gap.updated",
  "instance.updated",
  "listener.updated"
] as const

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
