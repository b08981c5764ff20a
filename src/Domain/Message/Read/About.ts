/** Readers of messages about other messages. */
import { at, type Fields, listAt, textAt } from "../Fields.ts"
import { type Around, idAt, type Reader, type Reading } from "./Reader.ts"

/** True if an enum of WAProto has one of these values: its number, or the name that protobufjs writes. */
const isOne = (value: unknown, ...values: ReadonlyArray<unknown>): boolean => values.includes(value)

/** An edit, a revocation or a note: the content's `protocolMessage`, or the data of `messages.edited`. */
export const protocol = (content: Fields, { inner }: Pick<Around, "inner">): Reading => {
  const type = at(content, "type") ?? null
  const target = idAt(content, "key")
  const edited = at(content, "editedMessage")
  if (isOne(type, 14, "MESSAGE_EDIT") || (type === null && edited != null))
    return {
      body: { kind: "edit", target },
      text: inner(edited)?.text ?? null
    }
  // 0 is the default, which protobuf may leave out.
  if (isOne(type, 0, "REVOKE") || (type === null && target !== null))
    return { body: { kind: "revoke", target }, text: null }
  return {
    body: { kind: "protocol", type: typeof type === "object" ? null : String(type) },
    text: null
  }
}

/** From 2.3.7 Evolution puts the names where WhatsApp has hashes, and `pollUpdates` beside. */
const chosenIn = (content: Fields): ReadonlyArray<string> | null => {
  if (!Array.isArray(at(content, "vote", "selectedOptions"))) return null
  return listAt(content, "vote", "selectedOptions").flatMap((name) =>
    typeof name === "string" ? name : []
  )
}

/** By the content's field. */
export const readers: { readonly [field: string]: Reader } = {
  protocolMessage: protocol,
  reactionMessage: (content) => ({
    body: { kind: "reaction", target: idAt(content, "key") },
    text: textAt(content, "text")
  }),
  encReactionMessage: (content) => ({
    body: { kind: "reaction", target: idAt(content, "targetMessageKey") },
    text: null
  }),
  pollUpdateMessage: (content) => ({
    body: {
      kind: "pollVote",
      target: idAt(content, "pollCreationMessageKey"),
      options: chosenIn(content)
    },
    text: null
  }),
  secretEncryptedMessage: (content) => ({
    body: isOne(at(content, "secretEncType"), 1, "EVENT_EDIT", 2, "MESSAGE_EDIT")
      ? { kind: "edit", target: idAt(content, "targetMessageKey") }
      : { kind: "unknown", type: "secretEncryptedMessage" },
    text: null
  }),
  pinInChatMessage: (content) => ({
    body: {
      kind: "pin",
      target: idAt(content, "key"),
      isPinned: isOne(at(content, "type"), 1, "PIN_FOR_ALL")
    },
    text: null
  })
}
