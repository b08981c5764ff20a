/**
 * One person has two addresses: the phone's (`…@s.whatsapp.net`) and a hidden one (`…@lid`). Evolution 2.3.7
 * stores a message under the hidden one and emits it under the phone's, so a fetched message is put into the
 * chat of the live ones. The address that it came with stays beside it, in the place that 2.4 gives it.
 */
import type { FoundMessage } from "../../Evolution/EvolutionClient.ts"

export const isHidden = (jid: string): boolean => jid.endsWith("@lid")
const isPhone = (jid: unknown): jid is string =>
  typeof jid === "string" && jid.endsWith("@s.whatsapp.net")

/** The phone's address in a key, where a version of Evolution or Baileys puts it. */
const phoneIn = ({ fromMe, previousRemoteJid, remoteJidAlt, senderPn }: FoundMessage["key"]) =>
  [remoteJidAlt, previousRemoteJid, ...(fromMe === true ? [] : [senderPn])].find(isPhone)

/** Phones by hidden address. */
export type Phones = ReadonlyMap<string, string>

/** What these messages tell by themselves: by their keys, and by rows that Evolution stored in both forms. */
export const phonesIn = (records: ReadonlyArray<FoundMessage>): Phones => {
  const phones = new Map<string, string>()
  const plain = new Map<string, string>()
  for (const { key } of records)
    if (isPhone(key.remoteJid)) plain.set(`${key.id} ${key.fromMe === true}`, key.remoteJid)
  for (const { key } of records) {
    if (!isHidden(key.remoteJid)) continue
    const phone = phoneIn(key) ?? plain.get(`${key.id} ${key.fromMe === true}`)
    if (phone !== undefined) phones.set(key.remoteJid, phone)
  }
  return phones
}

/** The message in the chat of its phone, if that is known. */
export const addressed = (record: FoundMessage, phones: Phones): FoundMessage => {
  const { remoteJid } = record.key
  const phone = isHidden(remoteJid) ? phones.get(remoteJid) : undefined
  return phone === undefined
    ? record
    : { ...record, key: { ...record.key, remoteJid: phone, remoteJidAlt: remoteJid } }
}

/** Equal for rows of one message: an id alone may be used in two chats. */
export const identity = ({ key }: FoundMessage): string =>
  `${key.remoteJid} ${key.id} ${key.fromMe === true}`
