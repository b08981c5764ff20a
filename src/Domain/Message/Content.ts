/**
 * The content of a message: WhatsApp's protobuf `Message` (`WAProto/WAProto.proto` of Baileys), which Evolution
 * passes on. It has one field for its kind, e.g. `imageMessage`. Bytes are base64 text in the log. Typed is
 * what the view reads; every other field stays.
 */
import { Schema } from "effect"
import { optionalOrNull } from "../Json.ts"
import { WideNumber } from "./Numbers.ts"
import { openStruct } from "./OpenStruct.ts"

const text = optionalOrNull(Schema.String)
const flag = optionalOrNull(Schema.Boolean)
const number = optionalOrNull(WideNumber)

/** WAProto `MessageKey`: a message that another one is about. The Business channel gives its `id` alone. */
export const Reference = openStruct({
  id: text,
  remoteJid: text,
  fromMe: flag,
  participant: text
}).annotations({ identifier: "MessageReference" })
export type Reference = typeof Reference.Type

const contextFields = {
  /** The quoted message's id. */
  stanzaId: text,
  /** The quoted message's sender. */
  participant: text,
  remoteJid: text,
  mentionedJid: optionalOrNull(Schema.Array(Schema.String)),
  isForwarded: flag,
  forwardingScore: number,
  /** Seconds after which WhatsApp deletes the message; 0: never. */
  expiration: number
}
/** WAProto `ContextInfo`. */
export interface Context
  extends Schema.Schema.Type<ReturnType<typeof openStruct<typeof contextFields>>> {
  readonly quotedMessage?: Content | null | undefined
}
export const Context: Schema.Schema<Context> = openStruct({
  ...contextFields,
  quotedMessage: optionalOrNull(Schema.suspend((): Schema.Schema<Content> => Content))
}).annotations({ identifier: "MessageContext" })

const contextInfo = optionalOrNull(Schema.suspend((): Schema.Schema<Context> => Context))
const content = optionalOrNull(Schema.suspend((): Schema.Schema<Content> => Content))

/** WAProto `FutureProofMessage`: a message around the message. */
const wrapper = optionalOrNull(openStruct({ message: content }))

/** The file itself is at WhatsApp, encrypted. The fields in snake case are those of the Business channel. */
const media = optionalOrNull(
  openStruct({
    url: text,
    directPath: text,
    mimetype: text,
    mime_type: text,
    caption: text,
    fileName: text,
    filename: text,
    title: text,
    /** Bytes. */
    fileLength: number,
    seconds: number,
    height: number,
    width: number,
    /** True for a voice note. */
    ptt: flag,
    gifPlayback: flag,
    contextInfo
  }).annotations({ identifier: "MessageMedia" })
)

const location = optionalOrNull(
  openStruct({
    degreesLatitude: number,
    degreesLongitude: number,
    name: text,
    address: text,
    caption: text,
    contextInfo
  })
)

const contact = openStruct({ displayName: text, vcard: text, contextInfo })

const poll = optionalOrNull(
  openStruct({
    name: text,
    options: optionalOrNull(Schema.Array(openStruct({ optionName: text }))),
    selectableOptionsCount: number,
    contextInfo
  })
)

const protocolFields = {
  /** The message that is edited or revoked. */
  key: optionalOrNull(Reference),
  /** By number or by name: `REVOKE` is 0, `MESSAGE_EDIT` is 14. */
  type: optionalOrNull(Schema.Union(Schema.Number, Schema.String)),
  timestampMs: number,
  editedMessage: content
}

/** WAProto `ProtocolMessage`: an edit, a revocation, or a note of one device to another. */
export const Protocol = openStruct(protocolFields).annotations({ identifier: "ProtocolMessage" })
export type Protocol = typeof Protocol.Type

const fields = {
  conversation: text,
  extendedTextMessage: optionalOrNull(openStruct({ text, contextInfo })),
  imageMessage: media,
  videoMessage: media,
  ptvMessage: media,
  audioMessage: media,
  documentMessage: media,
  stickerMessage: media,
  locationMessage: location,
  liveLocationMessage: location,
  contactMessage: optionalOrNull(contact),
  contactsArrayMessage: optionalOrNull(
    openStruct({ displayName: text, contacts: optionalOrNull(Schema.Array(contact)), contextInfo })
  ),
  /** An empty text takes the reaction back. */
  reactionMessage: optionalOrNull(openStruct({ key: optionalOrNull(Reference), text })),
  pollCreationMessage: poll,
  pollCreationMessageV2: poll,
  pollCreationMessageV3: poll,
  pollUpdateMessage: optionalOrNull(
    openStruct({
      pollCreationMessageKey: optionalOrNull(Reference),
      /** From 2.3.7: the names of the chosen options, where Evolution could decrypt the vote. */
      vote: optionalOrNull(
        openStruct({ selectedOptions: optionalOrNull(Schema.Array(Schema.Unknown)) })
      )
    })
  ),
  protocolMessage: optionalOrNull(Protocol),
  buttonsResponseMessage: optionalOrNull(
    openStruct({ selectedButtonId: text, selectedDisplayText: text, contextInfo })
  ),
  templateButtonReplyMessage: optionalOrNull(
    openStruct({ selectedId: text, selectedDisplayText: text, contextInfo })
  ),
  listResponseMessage: optionalOrNull(
    openStruct({
      title: text,
      description: text,
      singleSelectReply: optionalOrNull(openStruct({ selectedRowId: text })),
      contextInfo
    })
  ),
  interactiveResponseMessage: optionalOrNull(
    openStruct({
      body: optionalOrNull(openStruct({ text })),
      /** `paramsJson` is JSON text. */
      nativeFlowResponseMessage: optionalOrNull(openStruct({ name: text, paramsJson: text })),
      contextInfo
    })
  ),
  orderMessage: optionalOrNull(
    openStruct({
      orderId: text,
      orderTitle: text,
      message: text,
      itemCount: number,
      /** Thousandths of the currency's unit. */
      totalAmount1000: number,
      totalCurrencyCode: text,
      sellerJid: text,
      token: text,
      contextInfo
    })
  ),
  groupInviteMessage: optionalOrNull(
    openStruct({ groupJid: text, groupName: text, inviteCode: text, caption: text, contextInfo })
  ),
  /** Evolution's: an address of the file in its S3 bucket. */
  mediaUrl: text,
  /** Evolution's: the file, if the instance's webhook asks for it. */
  base64: text,
  /** Evolution's: an audio's words, by OpenAI, behind `[audio] `. */
  speechToText: text,
  ephemeralMessage: wrapper,
  viewOnceMessage: wrapper,
  viewOnceMessageV2: wrapper,
  viewOnceMessageV2Extension: wrapper,
  documentWithCaptionMessage: wrapper,
  editedMessage: wrapper,
  deviceSentMessage: wrapper
}

export interface Content extends Schema.Schema.Type<ReturnType<typeof openStruct<typeof fields>>> {}
export const Content: Schema.Schema<Content> = openStruct(fields).annotations({
  identifier: "MessageContent"
})
