/**
 * An event's data as the very text it came as. Where nothing in it has to be changed, to write it anew
 * would give the same text, and cost more than all the rest of decoding.
 */

const head = /^\{"event":"[^"\\]+","instance":"[^"\\]+","data":(?=[{n])/
const afterData = ',"server_url":'
/** Up to the end, and with nothing nested: so what it begins with stands beside `data`. */
const tail = /^(?:,"(?:server_url|date_time|sender|apikey)":(?:"[^"\\]*"|null))+\}$/
/** `JSON.stringify` has no use for these; a secret could be spelled with them. */
const unusual = ["\\u", "\\/", "\n", "\r"]

/**
 * What stands under `data` in an envelope as Evolution writes it, given that the text is JSON;
 * `undefined` where it is written otherwise.
 */
export const dataIn = (envelope: string): string | undefined => {
  const [before] = head.exec(envelope) ?? []
  const end = envelope.lastIndexOf(afterData)
  if (before === undefined || end < 0 || !tail.test(envelope.slice(end))) return undefined
  const data = envelope.slice(before.length, end)
  return unusual.some((spelling) => data.includes(spelling)) ? undefined : data
}
