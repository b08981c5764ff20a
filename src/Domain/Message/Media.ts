/** The file of a message. */
import { type Fields, filledAt, numberAt, textAt } from "./Fields.ts"

export interface Media {
  readonly mimetype: string | null
  /** A document's name, as its sender has it. */
  readonly fileName: string | null
  /** Bytes. */
  readonly size: number | null
  /** Duration of an audio or a video. */
  readonly seconds: number | null
  readonly width: number | null
  readonly height: number | null
  /** WhatsApp's encrypted file, for some days; the Business channel: Meta's, or the one that was sent. */
  readonly url: string | null
  readonly directPath: string | null
  /** The file in Evolution's S3 bucket: a signed address that expires. */
  readonly mediaUrl: string | null
  /** The file itself is in the data, at `message.base64`. */
  readonly hasBase64: boolean
  /** Decrypts the file at `url`; base64. Only if it was asked for, and if the log keeps it (`EVENT_OMIT`). */
  readonly mediaKey?: string
}

const asUrl = (text: string | null): string | null =>
  text !== null && /^https?:\/\//i.test(text) ? text : null

/** `message`: the outermost content, beside which Evolution puts the file. */
export const mediaIn = (content: Fields, message: unknown, isKeyWanted: boolean): Media => {
  const mediaKey = isKeyWanted ? filledAt(content, "mediaKey") : null
  return {
    mimetype: filledAt(content, "mimetype") ?? filledAt(content, "mime_type"),
    fileName: filledAt(content, "fileName") ?? filledAt(content, "filename"),
    size: numberAt(content, "fileLength") ?? numberAt(content, "file_size"),
    seconds: numberAt(content, "seconds"),
    width: numberAt(content, "width"),
    height: numberAt(content, "height"),
    // Business: `id` is an address in what was sent by address, else Meta's number of the file.
    url: filledAt(content, "url") ?? asUrl(textAt(content, "id")),
    directPath: filledAt(content, "directPath"),
    mediaUrl: filledAt(message, "mediaUrl"),
    hasBase64: filledAt(message, "base64") !== null,
    ...(mediaKey === null ? undefined : { mediaKey })
  }
}
