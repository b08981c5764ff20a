/**
 * JSON text as it came. Where nothing in it has to be changed, to write it anew would give the same text,
 * and cost more than all the rest of decoding.
 */

export interface Verbatim {
  readonly text: string
  readonly utf8: Uint8Array
}

// All of it is ASCII, so that what is so many characters is as many bytes.
const head = /^\{"event":"[\w.-]+","instance":"[\w-]+","data":(?=[{n])/
const afterData = ',"server_url":'
/** Up to the end, and with nothing nested: so what it begins with stands beside `data`. */
const tail = /^(?:,"(?:server_url|date_time|sender|apikey)":(?:"[ !#-[\]-~]*"|null))+\}$/
/** `JSON.stringify` has no use for these; a secret could be spelled with them. */
const unusual = ["\\u", "\\/", "\n", "\r"]

/**
 * What stands under `data` in an envelope as Evolution writes it, given that the text is JSON in which
 * no key comes twice, as `JSON.stringify` makes it; `undefined` where it is written otherwise.
 */
export const dataIn = ({ text, utf8 }: Verbatim): Verbatim | undefined => {
  const [before] = head.exec(text) ?? []
  const end = text.lastIndexOf(afterData)
  if (before === undefined || end < 0 || !tail.test(text.slice(end))) return undefined
  const data = text.slice(before.length, end)
  return unusual.some((spelling) => data.includes(spelling))
    ? undefined
    : { text: data, utf8: utf8.subarray(before.length, end - text.length) }
}
