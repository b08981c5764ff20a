/**
 * Bytes of messages, as Evolution's webhook writes them. Evolution turns each Buffer of a message into a `Uint8Array`
 * (2.3.6, whatsapp.baileys.service.ts, deserializeMessageBuffers), and its HTTP client writes that by `JSON.stringify`:
 * `{"0":171,"1":205}`. By its socket they come as binary frames, and so are base64 text in the log.
 */

/** Events whose data passes that function; in the others, bytes are base64 text already. */
const events = new Set(["messages.upsert", "send.message", "messages.set"])

/** Fields of the type `bytes` in the messages of WAProto.proto, but for those whose names other fields of text have. */
const fields = [
  "aiConversationContext",
  "aiPsiMetadata",
  "artwork(?:EncSha256|MediaKey|Sha256)",
  "attachment(?:FileEncSha256|FileSha256|JpegThumbnail|MediaKey)",
  "botMessageSecret",
  "conversionData",
  "countryBlocklist",
  "ctwaPayload",
  "enc(?:Iv|Key|Payload)",
  "ephemeralSharedSecret",
  "file(?:EncSha256|Sha256)",
  "first(?:FrameSidecar|ScanSidecar)",
  "initialHistBootstrapInlinePayload",
  "internalMetadata",
  "inviteLinkParentGroupThumbnailV2",
  "jpegThumbnail",
  "mediaKey",
  "messageSecret",
  "midQualityFile(?:EncSha256|Sha256)",
  "paddingBytes",
  "pngThumbnail",
  "recipientKeyHash",
  "reportingTag",
  "scansSidecar",
  "senderKeyHash",
  "streamingSidecar",
  "thumbData",
  "thumbnail(?:EncSha256|Sha256)?",
  "waveform",
  "webMessageInfoBytes"
].join("|")

/** A quote within a text has a backslash before it, so this finds keys alone. */
const bytes = new RegExp(String.raw`(?<!\\)"(${fields})":"([A-Za-z0-9+/]*={0,2})"`, "g")

const indexed = (base64: string): string => {
  const pieces: string[] = []
  for (const [index, byte] of Buffer.from(base64, "base64").entries())
    pieces.push(`"${index}":${byte}`)
  return `{${pieces.join(",")}}`
}

/** The data of an event, as JSON text, with its bytes as Evolution's webhook writes them. */
export const inEvolutionsForm = (event: string, json: string): string =>
  events.has(event)
    ? json.replace(bytes, (_, key: string, base64: string) => `"${key}":${indexed(base64)}`)
    : json
