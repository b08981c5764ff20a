/**
 * Reads an event's envelope and leaves its data as the text it is. Most events are messages in which
 * nothing has to be changed: to parse one and write it again gives the same text, and costs more than
 * all other work on the event.
 */
import { eventNames } from "./EventName.ts"
import { isInstanceName } from "./Instance.ts"
import * as LifeCycle from "./LifeCycle.ts"
import { Utf8 } from "./Utf8.ts"

/** The fields around an event's data, and the data unread: only Postgres will tell if it is JSON. */
export interface Envelope {
  /** The wire's name. */
  readonly event: string
  readonly instance: string
  readonly data: Utf8
  readonly upstreamTime: string
  /** The instance's own key at Evolution, where Evolution sends it. */
  readonly token: string | undefined
  readonly whole: Utf8
}

/** Events that are skimmed: all but those whose data we decode. */
const names = new Map<string, string>(
  eventNames.filter((name) => !LifeCycle.isLifeCycle(name)).map((name) => [name, name])
)

const head = /^\{"event":"([\w.-]+)","instance":"([\w-]+)","data":(?=[[{n])/
const afterData = ',"server_url":'
/** Runs to the end and has nothing nested in it: so its first key stands beside `data`, not inside. */
const tail =
  /^,"server_url":"[^"\\]*","date_time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"(?:,"sender":"[^"\\]*")?(?:,"apikey":(?:null|"([ !#-[\]-~]*)"))?\}$/

/**
 * The envelope of an event, if it is written as Evolution 2.x writes it; `undefined`: the event has to be
 * parsed. If the data is JSON, so is the whole. `name`: the Socket.IO event's; `text`: its one argument,
 * JSON in UTF-8, a character for each byte.
 */
export const envelopeIn = (name: string, text: string): Envelope | undefined => {
  const [before, eventName = "", instanceName = ""] = head.exec(text) ?? []
  if (before === undefined || eventName !== name) return undefined
  const end = text.lastIndexOf(afterData)
  const [, upstreamTime, token] = end < 0 ? [] : (tail.exec(text.slice(end)) ?? [])
  const event = names.get(eventName)
  const instance = kept(instanceName)
  const data = text.slice(before.length, end)
  return upstreamTime === undefined ||
    event === undefined ||
    instance === undefined ||
    !isClosed(data)
    ? undefined
    : { event, instance, data: new Utf8(data), upstreamTime, token, whole: new Utf8(text) }
}

/** False where a later Evolution puts a key between `data` and `server_url`. */
const isClosed = (data: string): boolean =>
  ["{}", "[]"].includes(`${data[0]}${data.at(-1)}`) || data === "null"

const maxInstances = 65_536
const instances = new Map<string, string>()

/** The name as a string of its own: a slice would keep the whole event in memory. */
const kept = (name: string): string | undefined => {
  const known = instances.get(name)
  if (known !== undefined) return known
  if (!isInstanceName(name)) return undefined
  const own = Array.from(name).join("")
  if (instances.size >= maxInstances) instances.clear()
  instances.set(own, own)
  return own
}
