/**
 * WhatsApp's addresses, `user[_agent][:device]@server`. A person has two: the phone's (`…@s.whatsapp.net`) and a
 * hidden one (`…@lid`). Source: Baileys, `src/WABinary/jid-utils.ts`.
 */
import { filledAt } from "./Fields.ts"

export interface Address {
  /** The address to write to, as the event gives it, without a device. */
  readonly jid: string
  /** The number, without `+`; `null`: the event has the hidden address alone. */
  readonly phone: string | null
  /** The hidden address, `…@lid`; `null`: the event does not give it. */
  readonly lid: string | null
}

/** `person` is also an address of a kind that this version does not know, e.g. a bot's. */
export type ChatKind = "person" | "group" | "broadcast" | "status" | "newsletter"

export interface Chat extends Address {
  readonly kind: ChatKind
}

const ofPerson = /^([^@:_]+)(?:_\d+)?(?::\d+)?@(s\.whatsapp\.net|c\.us|hosted|lid|hosted\.lid)$/
const ofPhone = /^(\d+)@(?:s\.whatsapp\.net|c\.us|hosted)$/
const ofLid = /^([^@]+)@(?:hosted\.)?lid$/

const withoutDevice = (jid: string): string => jid.replace(ofPerson, "$1@$2")

/** The Evolution channel takes a number alone for an address. */
const phoneOf = (jid: string): string | null =>
  (ofPhone.exec(jid) ?? /^\+?(\d{5,20})$/.exec(jid))?.[1] ?? null

const lidOf = (jid: string): string | null => {
  const user = ofLid.exec(jid)?.[1]
  return user === undefined ? null : `${user}@lid`
}

/** One person's addresses as one, the first as the one to write to; `null` if there is none. */
export const addressOf = (jids: ReadonlyArray<string | null>): Address | null => {
  const known = jids
    .filter((jid) => jid !== null && jid !== "")
    .map((jid) => withoutDevice(jid ?? ""))
  const [jid] = known
  if (jid === undefined) return null
  const first = (form: (jid: string) => string | null) =>
    known.reduce<string | null>((found, one) => found ?? form(one), null)
  return { jid, phone: first(phoneOf), lid: first(lidOf) }
}

const kindOf = (jid: string): ChatKind => {
  if (jid === "status@broadcast") return "status"
  if (jid.endsWith("@g.us")) return "group"
  if (jid.endsWith("@newsletter")) return "newsletter"
  return jid.endsWith("@broadcast") ? "broadcast" : "person"
}

const valuesOf = (key: unknown, ...names: ReadonlyArray<string>) =>
  names.map((name) => filledAt(key, name))

/** The chat of a message's key. `senderPn` and `senderLid` are our own in a message of ours. */
export const chatIn = (key: unknown, fromMe: boolean): Chat | null => {
  const jid = filledAt(key, "remoteJid")
  if (jid === null) return null
  const kind = kindOf(jid)
  const beside =
    kind === "person"
      ? [
          ...valuesOf(key, "remoteJidAlt", "previousRemoteJid"),
          ...(fromMe ? [] : valuesOf(key, "senderPn", "senderLid"))
        ]
      : []
  const address = addressOf([jid, ...beside])
  return address === null ? null : { ...address, kind }
}

/** The participant in a key, or beside it (Evolution before 2.3). A chat of two persons has none, whatever its key says. */
export const participantIn = (key: unknown, beside: unknown): Address | null =>
  addressOf([
    ...valuesOf(key, "participant", "participantAlt", "participantPn", "participantLid"),
    filledAt(beside, "participant")
  ])
