/**
 * Text in UTF-8, held as one character for each byte. Text that is only passed on need not be decoded;
 * ASCII is found in it as in any string, since no other character has such bytes in it.
 *
 * `String(text)`, `${text}` and `JSON.stringify({ text })` give the text itself, as a string would.
 */
export class Utf8 {
  readonly bytes: string

  /** `bytes`: a string of characters from U+0000 to U+00FF, e.g. `Buffer.toString("latin1")`. */
  constructor(bytes: string) {
    this.bytes = bytes
  }

  /** Length in bytes. */
  get length(): number {
    return this.bytes.length
  }

  toString(): string {
    const bytes = new Uint8Array(this.length)
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.bytes.charCodeAt(at)
    return decoder.decode(bytes)
  }

  toJSON(): string {
    return this.toString()
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
