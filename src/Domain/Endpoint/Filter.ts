/** The events that an endpoint takes. */
import { Schema } from "effect"
import { toWireName } from "../EventName.ts"
import { NamePattern } from "../Key.ts"
import { ServerId } from "../Server.ts"

const some = <Value, Encoded>(schema: Schema.Schema<Value, Encoded>) =>
  Schema.Array(schema).pipe(Schema.minItems(1), Schema.maxItems(100))

/** A name of an event in either of Evolution's forms, where `*` stands for any text: `messages.*`, `MESSAGES_UPSERT`. */
export const EventPattern = Schema.transform(
  Schema.String.pipe(
    Schema.pattern(/^[\w.*-]{1,100}$/, {
      message: () => 'Expected the name of an event, such as "messages.upsert" or "messages.*"'
    })
  ),
  Schema.String,
  { strict: true, decode: toWireName, encode: (name) => name }
)

/** `direct`: a chat of two. */
export const ChatKind = Schema.Literal("direct", "group", "broadcast", "status", "newsletter")
export type ChatKind = typeof ChatKind.Type

/** All conditions have to hold; an absent one always does. The last three are about messages, and take all other events. */
export const filterFields = {
  /** Instances by name. */
  instances: Schema.optional(some(NamePattern)),
  servers: Schema.optional(some(ServerId)),
  events: Schema.optional(some(EventPattern)),
  /** True: messages that this number sent; false: messages that it received. */
  fromMe: Schema.optional(Schema.Boolean),
  chats: Schema.optional(some(ChatKind)),
  /** True: messages with an image, a video, audio, a document or a sticker; false: all others. */
  hasMedia: Schema.optional(Schema.Boolean)
}
export const Filter = Schema.Struct(filterFields)
export type Filter = typeof Filter.Type
