/** A message as a person sees it, from the data of an event. */
import type { DateTime } from "effect"
import { type Address, addressOf, type Chat, chatIn, participantIn } from "./Address.ts"
import type { Body, Kind } from "./Body.ts"
import type { Message, Seen } from "./Data.ts"
import { at, type Fields, fieldsAt, filledAt, flagAt, listAt, numberAt, textAt } from "./Fields.ts"
import { timeOf } from "./Read/Reader.ts"
import { readContent, type Unwrapped } from "./Read.ts"

/** The message that is answered, as far as the answer tells of it. */
export interface Quoted {
  readonly id: string
  readonly sender: Address | null
  /** `null`: the answer has the id alone. */
  readonly kind: Kind | null
  readonly text: string | null
}

interface Facts {
  /** `key.id`. With the chat and `fromMe` it identifies the message. */
  readonly id: string
  readonly chat: Chat
  /** `null`: ourselves, unless the data or `ViewOptions.self` has our address; or a newsletter. */
  readonly sender: Address | null
  readonly fromMe: boolean
  /** The name that the sender gave himself. */
  readonly pushName: string | null
  /** The words of the message, or its caption, as they were written. */
  readonly text: string | null
  readonly quoted: Quoted | null
  /** Addresses of the people mentioned. In the text they are `@` and the user of the address. */
  readonly mentions: ReadonlyArray<string>
  /** By WhatsApp's clock, to the second. */
  readonly timestamp: DateTime.Utc | null
  readonly isForwarded: boolean
  /** To be seen or heard once. */
  readonly isViewOnce: boolean
  /** Seconds after which WhatsApp deletes the message; `null`: it stays. */
  readonly expiration: number | null
}

/** A message; `kind` tells which facts it has beside those of all. */
export type View = Facts & Body

export interface ViewOptions {
  /** Our own number or address: the sender of our messages. */
  readonly self?: string
  /** Adds `mediaKey` to `media`. */
  readonly mediaKey?: boolean
}

/** A message has one context: in its kind's field, which Evolution copies beside, or beside its Business channel's. */
const contextIn = ({ content, field }: Unwrapped, data: unknown): Fields | null =>
  (field === undefined ? null : fieldsAt(content, field, "contextInfo")) ??
  fieldsAt(data, "contextInfo") ??
  fieldsAt(data, "message", "contextInfo")

const quotedIn = (context: Fields | null, message: Fields): Quoted | null => {
  // The Evolution channel has the quoted message's key beside the content.
  const id = filledAt(context, "stanzaId") ?? filledAt(message, "quoted", "id")
  if (id === null) return null
  const content = fieldsAt(context, "quotedMessage")
  const reading =
    content === null
      ? null
      : readContent(content, null, { message: content, isKeyWanted: false }).reading
  return {
    id,
    sender: addressOf([textAt(context, "participant")]),
    kind: reading?.body.kind ?? null,
    text: reading?.text ?? null
  }
}

const senderOf = (data: unknown, chat: Chat, fromMe: boolean, self: string | undefined) => {
  const { kind, ...address } = chat
  const other = kind === "person" ? (fromMe ? null : address) : participantIn(at(data, "key"), data)
  return other ?? (fromMe ? addressOf([self ?? null]) : null)
}

/**
 * The message in the data of `messages.upsert` or of `send.message`, or in an item of `messages.set`. It never
 * throws. `null`: the data has no `key.id` or no `key.remoteJid`, so it is not a message.
 */
export const view = <Data>(data: Data, options: ViewOptions = {}): Seen<Data, Message, View> =>
  // Sound: data of the type `Message` has both.
  viewOf(data, options) as Seen<Data, Message, View>

const viewOf = (data: unknown, options: ViewOptions): View | null => {
  const id = textAt(data, "key", "id")
  const fromMe = flagAt(data, "key", "fromMe")
  const chat = chatIn(at(data, "key"), fromMe)
  if (id === null || chat === null) return null
  const message = fieldsAt(data, "message") ?? {}
  const around = { message, isKeyWanted: options.mediaKey === true }
  const { reading, unwrapped } = readContent(message, textAt(data, "messageType"), around)
  const context = contextIn(unwrapped, data)
  return {
    id,
    chat,
    sender: senderOf(data, chat, fromMe, options.self),
    fromMe,
    pushName: textAt(data, "pushName"),
    ...reading.body,
    text: reading.text,
    quoted: quotedIn(context, message),
    mentions: listAt(context, "mentionedJid").filter((jid) => typeof jid === "string"),
    timestamp: timeOf(numberAt(data, "messageTimestamp")),
    isForwarded: flagAt(context, "isForwarded"),
    // Evolution wraps its buttons likewise.
    isViewOnce:
      (unwrapped.isViewOnce && "media" in reading.body) || flagAt(data, "key", "isViewOnce"),
    expiration: numberAt(context, "expiration") || null
  }
}
