/** `messages`: a row for each message, from the events that carry one. */
import { content, kind, media, quotedId, text } from "./Content.ts"
import { bigintOf, flagOf, timeOf } from "./Values.ts"

/** As in the index by id: the planner compares texts. */
const ofMessages = "event in ('messages.upsert', 'send.message')"

/**
 * The same in other words, in which the planner does not see that index: to find the messages of a day, it would read the
 * whole of it.
 */
const isMessage = "(e.event like 'messages.upsert' or e.event like 'send.message')"

const inKey =
  (event: string) =>
  (field: string): string =>
    `${event}.data #>> '{key,${field}}'`
const key = inKey("e")

const isHidden = (address: string) => `${address} like '%@lid'`
const isPhone = (address: string) => `${address} like '%@s.whatsapp.net'`
/** The Evolution channel takes a number alone for an address. */
const isNumber = (address: string) =>
  `${address} ~ '^[0-9]+(?:[:_][0-9]+)*(?:@(?:s\\.whatsapp\\.net|c\\.us|hosted))?$'`

/** The first address of a form, as a `case`; null if there is none. */
const first = (isForm: (address: string) => string, addresses: ReadonlyArray<string>): string =>
  `case ${addresses.map((one) => `when ${isForm(one)} then ${one}`).join("\n      ")} end`

const fromMe = flagOf(key("fromMe"))

/** A person's phone beside his hidden address, where the versions of Evolution and Baileys put it. */
const chat = `
  case when ${isHidden(key("remoteJid"))} then coalesce(
      ${first(isPhone, [key("remoteJidAlt"), key("previousRemoteJid")])},
      case when not ${fromMe} then ${first(isPhone, [key("senderPn")])} end,
      ${key("remoteJid")})
    else ${key("remoteJid")} end`

const chatKind = `
  case
    when ${key("remoteJid")} like '%@g.us' then 'group'
    when ${key("remoteJid")} like '%@newsletter' then 'newsletter'
    when ${key("remoteJid")} = 'status@broadcast' then 'status'
    when ${key("remoteJid")} like '%@broadcast' then 'broadcast'
    else 'person'
  end`

/** In a chat of two persons the other one, or ourselves, whom an event does not name. */
const isOfTwo = `${chatKind} = 'person'`
const senders = {
  one: ["remoteJid", "remoteJidAlt", "previousRemoteJid", "senderPn", "senderLid"].map(key),
  several: [
    ...["participant", "participantAlt", "participantPn", "participantLid"].map(key),
    "e.data ->> 'participant'"
  ]
}
const senderOf = (isForm: (address: string) => string) => `
  case when not (${isOfTwo}) then ${first(isForm, senders.several)}
    when not ${fromMe} then ${first(isForm, senders.one)} end`

const digitsOf = (address: string) => `substring(${address} from '^[0-9]+')`

/**
 * Another event about the same message, written before: a copy. One of its two addresses may be hidden. `offset 0`:
 * one look into the index for each message that is asked for, where a join would read all messages of an instance.
 */
const earlierCopy = () => {
  const earlier = inKey("earlier")
  const pair = (hidden: typeof key, phone: typeof key) => `
      ${isHidden(hidden("remoteJid"))} and ${isPhone(phone("remoteJid"))}
        and ${phone("remoteJid")} =
          coalesce(${hidden("remoteJidAlt")}, ${hidden("previousRemoteJid")}, ${phone("remoteJid")})`
  return `
    select from events earlier
    where earlier.${ofMessages}
      and earlier.server = e.server
      and earlier.instance = e.instance
      and ${earlier("id")} = ${key("id")}
      and earlier.id < e.id
      and ${flagOf(earlier("fromMe"))} = ${fromMe}
      and (${earlier("remoteJid")} = ${key("remoteJid")} or ${pair(earlier, key)} or ${pair(key, earlier)})
    offset 0`
}

export const messages = (schema: string): string => `
  create or replace view ${schema}.messages as
  select
    ${key("id")} as id,
    e.instance,
    ${chat} as chat,
    ${chatKind} as chat_kind,
    coalesce(${senderOf(isNumber)}, ${senderOf(isHidden)}) as sender,
    ${digitsOf(senderOf(isNumber))} as sender_phone,
    ${senderOf(isHidden)} as sender_lid,
    e.data ->> 'pushName' as sender_name,
    ${fromMe} as from_me,
    ${kind} as kind,
    ${text} as text,
    ${media.mimetype} as media_type,
    ${media.name} as media_name,
    ${bigintOf(media.size)} as media_bytes,
    ${bigintOf(media.seconds)} as media_seconds,
    ${quotedId} as quoted_id,
    ${timeOf("(e.data -> 'messageTimestamp')")} as sent_at,
    e.received_at,
    e.id as event_id,
    e.origin,
    e.server
  from events e
  cross join lateral (${content("e.data -> 'message'")}) as c
  where ${isMessage}
    and ${key("id")} is not null
    and ${key("remoteJid")} is not null
    and not exists (${earlierCopy()})`
