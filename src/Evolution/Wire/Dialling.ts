/** The address and headers of a dial. Types of `ws` stay out: these are public, and whoever reads them may not have any. */
import { Redacted } from "effect"
import type { OutgoingProxy } from "../../AppConfig.ts"
import * as Scrub from "../../Domain/Scrub.ts"

export interface Options {
  /** Evolution's http(s) address; `socket.io/` is appended to its path. */
  readonly url: URL
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>
  /** Takes secrets out of text that the server sent. By default the headers' values are secret. */
  readonly words?: (text: string) => string
  readonly proxy?: OutgoingProxy | undefined
}

export const wordsOf = ({ headers, words }: Options): ((text: string) => string) =>
  words ?? Scrub.make(Object.values(headers).map((header) => Redacted.make(header))).words
