/** Evolution's table of messages, and `POST /chat/findMessages` as it answers. */
import { randomBytes, randomUUID } from "node:crypto"
import { Predicate } from "effect"
import { clockOf, type SimulatedInstance, type State, type StoredMessage } from "./State.ts"

/** The data of `messages.upsert` for a text received now. */
export const textMessage = (
  text: string,
  { name, phone }: { readonly name: string; readonly phone: string }
) => ({
  key: {
    id: `3EB0${randomBytes(9).toString("hex").toUpperCase()}`,
    remoteJid: `${phone}@s.whatsapp.net`,
    fromMe: false
  },
  pushName: name,
  message: { conversation: text },
  messageType: "conversation",
  messageTimestamp: Math.floor(Date.now() / 1000),
  source: "android"
})

/** Media that Evolution adds for its receivers comes into the message after it was stored. */
const withoutMedia = (message: unknown): unknown => {
  if (!Predicate.isRecord(message)) return message
  const { base64: _, ...stored } = message
  return stored
}

export const storedEvents = new Set(["messages.upsert", "send.message"])

/** Stores an emitted message, as Evolution does under `DATABASE_SAVE_DATA_NEW_MESSAGE`. */
export const store = (
  state: State,
  instance: SimulatedInstance | undefined,
  event: string,
  data: unknown
): void => {
  if (!state.settings.storeMessages || instance === undefined || !storedEvents.has(event)) return
  if (!Predicate.isRecord(data) || !Predicate.isRecord(data.key)) return
  const { contextInfo, key, message, messageTimestamp, messageType, pushName, source } = data
  const stored: StoredMessage = {
    id: `cm${randomUUID().replaceAll("-", "").slice(0, 23)}`,
    key: state.settings.storesHidden ? hidden(key) : key,
    pushName,
    messageType,
    message: withoutMedia(message),
    messageTimestamp:
      typeof messageTimestamp === "number" ? messageTimestamp : Math.floor(clockOf(state) / 1000),
    instanceId: instance.id,
    source,
    contextInfo: contextInfo ?? null,
    MessageUpdate: []
  }
  const sofar = state.messages.get(instance.name)
  if (sofar === undefined) state.messages.set(instance.name, [stored])
  else sofar.push(stored)
}

/** The key with a hidden address that belongs to its phone. */
const hidden = (key: Readonly<Record<string, unknown>>) => {
  const { remoteJid } = key
  if (typeof remoteJid !== "string" || !remoteJid.endsWith("@s.whatsapp.net")) return key
  const remoteJidLid = `9${remoteJid.split("@")[0]}@lid`
  return { ...key, remoteJid: remoteJidLid, remoteJidAlt: remoteJid, addressingMode: "lid" }
}

interface Where {
  readonly id?: string
  readonly source?: string
  readonly messageType?: string
  readonly messageTimestamp?: { readonly gte?: string; readonly lte?: string }
  readonly key?: Readonly<Record<string, unknown>>
}

export interface FindBody {
  readonly where?: Where
  readonly page?: number
  /** The size of a page, in Evolution's name for it. */
  readonly offset?: number
}

export const find = (
  state: State,
  name: string,
  { offset = 50, page = 1, where = {} }: FindBody
) => {
  const matching = (state.messages.get(name) ?? []).filter(matches(where))
  // Newest first, by whole seconds: messages of one second come in another order each time.
  const ranked = matching.map((record) => ({ record, tie: state.ties.next() }))
  ranked.sort(
    (left, right) =>
      right.record.messageTimestamp - left.record.messageTimestamp || left.tie - right.tie
  )
  const records = ranked.slice((page - 1) * offset, page * offset).map(({ record }) => record)
  const { length: total } = matching
  return { messages: { total, pages: Math.ceil(total / offset), currentPage: page, records } }
}

const matches = ({ id, key = {}, messageTimestamp = {}, messageType, source }: Where) => {
  const { gte, lte } = messageTimestamp
  // The time filter needs both ends. Falsy values in the key filter are ignored.
  const [from, to] =
    gte && lte
      ? [secondsOf(gte), secondsOf(lte)]
      : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const wanted = Object.entries(key).filter(([, value]) => Boolean(value))
  return (record: StoredMessage): boolean =>
    record.messageTimestamp >= from &&
    record.messageTimestamp <= to &&
    wanted.every(([field, value]) => record.key[field] === value) &&
    (id === undefined || record.id === id) &&
    (source === undefined || record.source === source) &&
    (messageType === undefined || record.messageType === messageType)
}

const secondsOf = (iso: string): number => Math.floor(Date.parse(iso) / 1000)
