/** Small views of the events that change a message: its status, its words, its being there. */
import { DateTime, Option } from "effect"
import { type Address, type Chat, chatIn, participantIn } from "./Address.ts"
import type { Deletion, Seen, Update } from "./Data.ts"
import { type Fields, fieldsAt, flagAt, numberAt, textAt } from "./Fields.ts"
import { protocol } from "./Read/About.ts"
import { readContent } from "./Read.ts"

/** A message's way to its reader, in this order. */
export type Progress = "failed" | "pending" | "sent" | "delivered" | "read" | "played"

/** Baileys' words, and Meta's in upper case. */
const progressOf: ReadonlyMap<string | null, Progress> = new Map([
  ["ERROR", "failed"],
  ["FAILED", "failed"],
  ["PENDING", "pending"],
  ["SERVER_ACK", "sent"],
  ["SENT", "sent"],
  ["DELIVERY_ACK", "delivered"],
  ["DELIVERED", "delivered"],
  ["READ", "read"],
  ["PLAYED", "played"]
])

export interface StatusView {
  /** The message's `key.id`. */
  readonly id: string
  readonly chat: Chat | null
  readonly fromMe: boolean
  /** The one who received or read it, in a group. */
  readonly participant: Address | null
  /** `null`: another status. Before 2.3.7 `DELETED` also stands for an update without a status. */
  readonly progress: Progress | null
  /** As it came. */
  readonly status: string | null
}

/** The data of `messages.update`; `null`: it names no message. */
export const statusOf = <Data>(data: Data): Seen<Data, Update, StatusView> =>
  // Sound: an `Update` has `keyId`.
  statusIn(data) as Seen<Data, Update, StatusView>

const statusIn = (data: unknown): StatusView | null => {
  const id = textAt(data, "keyId") ?? textAt(data, "id") ?? textAt(data, "key", "id")
  if (id === null) return null
  const fromMe = flagAt(data, "fromMe")
  const chat = chatIn(data, fromMe)
  const status = textAt(data, "status")
  return {
    id,
    chat,
    fromMe,
    participant: chat === null || chat.kind === "person" ? null : participantIn(data, null),
    progress: progressOf.get(status) ?? null,
    status
  }
}

export interface EditView {
  /** `protocol`: a note that changes no message. */
  readonly kind: "edit" | "revoke" | "protocol"
  /**
   * The `key.id` of the message that was changed. The rest of that key is as the editor's phone sees it: its
   * `fromMe` is true for the editor's own message.
   */
  readonly target: string | null
  /** The new words. */
  readonly text: string | null
  readonly editedAt: DateTime.Utc | null
}

/** The data of `messages.edited` and of `send.message.update`. */
export const editOf = (data: unknown): EditView => {
  const inner = (content: unknown) => {
    const message = fieldsAt(content)
    return message === null
      ? null
      : readContent(message, null, { message, isKeyWanted: false }).reading
  }
  const { body, text } = protocol(fieldsAt(data) ?? {}, { inner })
  const isChange = body.kind === "edit" || body.kind === "revoke"
  return {
    kind: isChange ? body.kind : "protocol",
    target: isChange ? body.target : null,
    text,
    editedAt: Option.getOrNull(
      Option.flatMap(Option.fromNullable(numberAt(data, "timestampMs")), DateTime.make)
    )
  }
}

export interface DeletionView {
  /** The `key.id` of the message that was deleted. */
  readonly id: string
  readonly chat: Chat | null
  readonly fromMe: boolean
  /** The author, in a group. */
  readonly participant: Address | null
}

/** The data of `messages.delete`, in both of its forms; `null`: it names no message. */
export const deletionOf = <Data>(data: Data): Seen<Data, Deletion, DeletionView> =>
  // Sound: a `Deletion` is a key, or has one.
  deletionIn(data) as Seen<Data, Deletion, DeletionView>

const deletionIn = (data: unknown): DeletionView | null => {
  const key: Fields | null = fieldsAt(data, "key") ?? fieldsAt(data)
  const id = textAt(key, "id")
  if (id === null) return null
  const fromMe = flagAt(key, "fromMe")
  const chat = chatIn(key, fromMe)
  return {
    id,
    chat,
    fromMe,
    participant: chat === null || chat.kind === "person" ? null : participantIn(key, null)
  }
}
