/**
 * The data of the events about messages, as Evolution 2.x emits it for its three channels: Baileys, Business
 * (Meta's Cloud API) and Evolution. Sources: `whatsapp.baileys.service.ts`, `whatsapp.business.service.ts` and
 * `evolution.channel.service.ts` in `src/api/integrations/channel` of EvolutionAPI/evolution-api 2.3.7.
 */
import { Schema } from "effect"
import { optionalOrNull } from "../Json.ts"
import { Content, Context, Protocol } from "./Content.ts"
import { WideNumber } from "./Numbers.ts"
import { openStruct } from "./OpenStruct.ts"

const text = optionalOrNull(Schema.String)

const keyFields = {
  id: Schema.String,
  /** The chat: `…@s.whatsapp.net`, `…@lid`, `…@g.us`, `…@newsletter`, `status@broadcast`, a list's `…@broadcast`. */
  remoteJid: Schema.NonEmptyString,
  fromMe: optionalOrNull(Schema.Boolean),
  /** The sender in a group, in a broadcast and of a status. */
  participant: text,
  /** The other address of the same person: the phone's, or the hidden one. */
  remoteJidAlt: text,
  participantAlt: text,
  /** `pn` or `lid`. */
  addressingMode: text,
  /** The same two addresses in the names of Baileys 6.7. */
  senderPn: text,
  senderLid: text,
  participantPn: text,
  participantLid: text,
  /** Evolution 2.3.1 to 2.3.4: the hidden address that `remoteJid` had. */
  previousRemoteJid: text
}
/** A message's key, which Evolution passes on as Baileys gives it. */
export const Key = openStruct(keyFields).annotations({ identifier: "MessageKey" })
export type Key = typeof Key.Type

const messageFields = {
  key: Key,
  /** The name that the sender gave himself. Baileys: `Você` for ourselves. */
  pushName: text,
  /** Baileys: `ERROR`, `PENDING`, `SERVER_ACK`, `DELIVERY_ACK`, `READ`, `PLAYED`; also `EDITED`, `DELETED`. */
  status: text,
  message: optionalOrNull(Content),
  contextInfo: optionalOrNull(Context),
  /** The name of the content's field, e.g. `imageMessage`; `conversation` for all plain texts. */
  messageType: text,
  /** Seconds since 1970 UTC. */
  messageTimestamp: optionalOrNull(WideNumber),
  instanceId: text,
  /** `android`, `ios`, `web`, `desktop` or `unknown`. */
  source: text
}
/** The data of `messages.upsert` and of `send.message`: one message. */
export const Message = openStruct(messageFields).annotations({ identifier: "Message" })
export type Message = typeof Message.Type

/** The data of `messages.set`: messages of the phone's history. The list may be empty. */
export const Messages = Schema.Array(Message)
export type Messages = typeof Messages.Type

/** The data of `messages.update`: a message's new status. */
export const Update = openStruct({
  /** The message's `key.id`. */
  keyId: Schema.String,
  remoteJid: text,
  fromMe: optionalOrNull(Schema.Boolean),
  participant: text,
  status: text,
  /** The message's row at Evolution, a cuid. */
  messageId: text,
  instanceId: text,
  /** From 2.3.7: the new content, where WhatsApp gives one. */
  message: Schema.optional(Schema.Unknown)
}).annotations({ identifier: "MessageUpdate" })
export type Update = typeof Update.Type

/** The data of `messages.delete` when a person revoked a message. `status` is `DELETED`, from 2.3.7. */
export const Revoked = openStruct({ ...keyFields, status: text }).annotations({
  identifier: "MessageRevoked"
})
export type Revoked = typeof Revoked.Type

/** The data of `messages.delete` after a call of Evolution's REST: its row. `id` is the row's. */
export const Removed = openStruct({ ...messageFields, id: Schema.String }).annotations({
  identifier: "MessageRemoved"
})
export type Removed = typeof Removed.Type

/** The data of `messages.delete`. */
export const Deletion = Schema.Union(Removed, Revoked)
export type Deletion = typeof Deletion.Type

/** The data of `messages.edited` and of `send.message.update`. Evolution emits it for edits, revocations and more. */
export const Edit = Protocol
export type Edit = Protocol

/** The data of `messaging-history.set`, from 2.4: how much of the history came. `progress` in percent. */
export const HistorySet = openStruct({
  messageCount: optionalOrNull(Schema.Number),
  chatCount: optionalOrNull(Schema.Number),
  contactCount: optionalOrNull(Schema.Number),
  progress: optionalOrNull(Schema.Number)
}).annotations({ identifier: "HistorySet" })
export type HistorySet = typeof HistorySet.Type

/** A view of data, or `null` for data that is not known to have the form. */
export type Seen<Data, Form, View> = [Data] extends [Form] ? View : View | null
