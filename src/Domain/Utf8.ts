/**
 * Text in UTF-8, a character for each of its bytes. What is only passed on need not be decoded; ASCII is
 * found in it as in any text, since no other character has such bytes in it.
 */
export class Utf8 {
  readonly bytes: string

  constructor(bytes: string) {
    this.bytes = bytes
  }

  get length(): number {
    return this.bytes.length
  }

  toString(): string {
    const bytes = new Uint8Array(this.length)
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.bytes.charCodeAt(at)
    return decoder.decode(bytes)
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
