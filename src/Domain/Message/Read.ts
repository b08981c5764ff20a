/** From the content of a message to its facts: the wrappers off, then the reader of its kind. */
import { Predicate } from "effect"
import { type Fields, fieldsAt, flagAt, textAt } from "./Fields.ts"
import { readers as about } from "./Read/About.ts"
import { readers as business } from "./Read/Business.ts"
import type { Around, Reader, Reading } from "./Read/Reader.ts"
import { readers as said } from "./Read/Said.ts"

/** WhatsApp nests three messages at most. */
const maxWrappers = 8

/** In the order in which they are looked for: a caption outranks a bare text. */
const readers = new Map<string, Reader>(Object.entries({ ...about, ...business, ...said }))
const ranks = new Map([...readers.keys()].map((field, rank) => [field, rank]))

/** The field of the content that makes its kind. */
const fieldIn = (content: Fields): string | undefined => {
  let best: string | undefined
  for (const field of Object.keys(content)) {
    const rank = ranks.get(field)
    if (rank === undefined || !Predicate.isRecord(content[field])) continue
    if (best === undefined || rank < (ranks.get(best) ?? 0)) best = field
  }
  return best
}

export interface Unwrapped {
  readonly content: Fields
  /** Of the kind that has been found; `undefined`: none, or a bare text. */
  readonly field: string | undefined
  readonly isViewOnce: boolean
}

/**
 * The content in its wrappers. A wrapper is a field that holds a `message` (WAProto `FutureProofMessage`, and
 * `DeviceSentMessage`): `ephemeralMessage`, `viewOnceMessageV2`, `documentWithCaptionMessage`, and those to come.
 */
const unwrap = (content: Fields, levels: number = maxWrappers): Unwrapped => {
  const field = fieldIn(content)
  if (field !== undefined) return { content, field, isViewOnce: flagAt(content, field, "viewOnce") }
  if (levels > 0 && textAt(content, "conversation") === null)
    for (const wrapper of Object.keys(content)) {
      const inner = fieldsAt(content, wrapper, "message")
      if (inner === null) continue
      const found = unwrap(inner, levels - 1)
      return { ...found, isViewOnce: found.isViewOnce || wrapper.startsWith("viewOnceMessage") }
    }
  return { content, field: undefined, isViewOnce: false }
}

/** Fields that are no kind of message. */
const beside = /^(?:messageContextInfo|.*[sS]enderKeyDistributionMessage)$/

const unknownIn = (content: Fields, type: string | null): Reading => ({
  body: {
    kind: "unknown",
    type:
      Object.keys(content).find(
        (field) => !beside.test(field) && Predicate.isRecord(content[field])
      ) ?? type
  },
  text: null
})

/**
 * The facts of the content. `messageType`: Evolution's word for it. Its Evolution channel puts the fields of that
 * type at the content's top, and its Business channel the title of what was chosen as a text.
 */
const read = (
  { content, field }: Unwrapped,
  messageType: string | null,
  around: Around
): Reading => {
  const reader = readers.get(field ?? "")
  const inner = field === undefined ? null : fieldsAt(content, field)
  if (reader !== undefined && inner !== null) return reader(inner, around)
  const isChoice = messageType === "interactiveMessage" || messageType === "buttonMessage"
  const text = textAt(content, "conversation")
  if (text !== null)
    return {
      body: isChoice ? { kind: "buttonReply", choice: null } : { kind: "text" },
      text
    }
  const flat = readers.get(messageType ?? "")
  return flat === undefined ? unknownIn(content, messageType) : flat(content, around)
}

/** An edit holds a message, which could hold another edit. */
const maxEdits = 2

/** The content without its wrappers, and its facts. */
export const readContent = (
  content: Fields,
  messageType: string | null,
  around: Omit<Around, "inner">,
  levels: number = maxEdits
): { readonly unwrapped: Unwrapped; readonly reading: Reading } => {
  const inner = (one: unknown) => {
    const edited = fieldsAt(one)
    return edited === null || levels === 0
      ? null
      : readContent(edited, null, around, levels - 1).reading
  }
  const unwrapped = unwrap(content)
  return { unwrapped, reading: read(unwrapped, messageType, { ...around, inner }) }
}
