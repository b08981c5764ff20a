/**
 * Fields of Evolution's `POST /instance/create` that are passed on as they are: Evolution knows best what it
 * takes. Source: `instance.dto.ts` and `integration.dto.ts` of 2.3.7.
 */
import { Predicate, Redacted } from "effect"

export const names = [
  "businessId",
  "status",
  "ownerJid",
  "profileName",
  "profilePicUrl",
  "rejectCall",
  "msgCall",
  "groupsIgnore",
  "alwaysOnline",
  "readMessages",
  "readStatus",
  "syncFullHistory",
  "wavoipToken",
  "proxyHost",
  "proxyPort",
  "proxyProtocol",
  "proxyUsername",
  "proxyPassword",
  "webhook",
  "websocket",
  "rabbitmq",
  "nats",
  "sqs",
  "kafka",
  "pusher",
  "chatwootAccountId",
  "chatwootAutoCreate",
  "chatwootConversationPending",
  "chatwootDaysLimitImportMessages",
  "chatwootImportContacts",
  "chatwootImportMessages",
  "chatwootLogo",
  "chatwootMergeBrazilContacts",
  "chatwootNameInbox",
  "chatwootOrganization",
  "chatwootReopenConversation",
  "chatwootSignMsg",
  "chatwootToken",
  "chatwootUrl"
] as const
export type Name = (typeof names)[number]

/** Redacted, because keys, passwords and headers are among them. */
export type CreateSettings = Redacted.Redacted<Readonly<Record<string, unknown>>>

/** Texts below these names are secrets. */
const secretName = /token|password|secret|key|username|headers/i

/** Every secret in the settings. */
export const secretsIn = (settings: CreateSettings): ReadonlyArray<Redacted.Redacted> => {
  const found: Array<Redacted.Redacted> = []
  const look = (value: unknown, isSecret: boolean): void => {
    if (typeof value === "string") {
      if (isSecret) found.push(Redacted.make(value))
    } else if (Array.isArray(value)) for (const one of value) look(one, isSecret)
    else if (Predicate.isRecord(value))
      for (const [name, one] of Object.entries(value)) look(one, isSecret || secretName.test(name))
  }
  look(Redacted.value(settings), false)
  return found
}

/** The names of the events that a caller wants on the websocket, in Evolution's form. */
export const eventsIn = (settings: CreateSettings): ReadonlyArray<string> => {
  const { websocket } = Redacted.value(settings)
  const events: unknown = Predicate.isRecord(websocket) ? websocket.events : undefined
  return Array.isArray(events) ? events.filter((name) => typeof name === "string") : []
}
