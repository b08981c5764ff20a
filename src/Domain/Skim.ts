/**
 * Reads an event's envelope, and leaves its data the text it is. Most events are messages in which
 * nothing has to be changed: to parse one, and to write it anew, would give the same text, and cost more
 * than all the rest that is done with it.
 */
import { eventNames } from "./EventName.ts"
import { isInstanceName } from "./Instance.ts"
import * as LifeCycle from "./LifeCycle.ts"
import { Utf8 } from "./Utf8.ts"

/** What stands around an event's data, and the data unread: whether it is JSON only Postgres will tell. */
export interface Envelope {
  /** The wire's name. */
  readonly event: string
  readonly instance: string
  readonly data: Utf8
  readonly upstreamTime: string
  /** The instance's own key at Evolution, where it is told. */
  readonly token: string | undefined
  readonly whole: Utf8
}

/** The names that are read, but for those whose data we decode. */
const names = new Map<string, string>(
  eventNames.filter((name) => !LifeCycle.isLifeCycle(name)).map((name) => [name, name])
)

const head = /^\{"event":"([\w.-]+)","instance":"([\w-]+)","data":(?=[[{n])/
const afterData = ',"server_url":'
/** Up to the end, and with nothing nested: so what it begins with stands beside `data`. */
const tail =
  /^,"server_url":"[^"\\]*","date_time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"(?:,"sender":"[^"\\]*")?(?:,"apikey":(?:null|"([ !#-[\]-~]*)"))?\}$/

/**
 * The envelope as Evolution writes it, of JSON text in UTF-8, a character for each byte; `undefined` where
 * it is written otherwise. Given that the data is JSON, all of it is.
 */
export const envelopeIn = (text: string): Envelope | undefined => {
  const [before, name = "", of = ""] = head.exec(text) ?? []
  if (before === undefined) return undefined
  const end = text.lastIndexOf(afterData)
  const [, upstreamTime, token] = end < 0 ? [] : (tail.exec(text.slice(end)) ?? [])
  const event = names.get(name)
  const instance = kept(of)
  const data = text.slice(before.length, end)
  return upstreamTime === undefined ||
    event === undefined ||
    instance === undefined ||
    !isClosed(data)
    ? undefined
    : { event, instance, data: new Utf8(data), upstreamTime, token, whole: new Utf8(text) }
}

/** Something could have been put between the data and what follows it today. */
const isClosed = (data: string): boolean =>
  ["{}", "[]"].includes(`${data[0]}${data.at(-1)}`) || data === "null"

const maxInstances = 65_536
const instances = new Map<string, string>()

/** A text of its own: a part of a longer one would keep all of that in memory. */
const kept = (name: string): string | undefined => {
  const known = instances.get(name)
  if (known !== undefined) return known
  if (!isInstanceName(name)) return undefined
  const own = Array.from(name).join("")
  if (instances.size >= maxInstances) instances.clear()
  instances.set(own, own)
  return own
}
