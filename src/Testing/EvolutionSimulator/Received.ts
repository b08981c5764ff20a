/** Messages that WhatsApp delivers, in the shape of `messages.upsert`. */
import { randomBytes } from "node:crypto"
import { jidOf } from "./Jid.ts"

export interface MessageOptions {
  /** Name that the sender has chosen; "Ana" if none is given. */
  readonly pushName?: string
  /** JID of the group that the message is sent to: `120363000000000001@g.us`. */
  readonly group?: string
  /** `key.id`; a new one if none is given. */
  readonly id?: string
  /** Time of the message by WhatsApp, s since 1970 UTC; now if none is given. */
  readonly messageTimestamp?: number
  /** Of the message that this one answers. */
  readonly contextInfo?: object
}

export interface ReceivedMessage {
  readonly key: {
    readonly remoteJid: string
    readonly fromMe: false
    readonly id: string
    /** The sender, in a group. */
    readonly participant?: string
  }
  readonly pushName: string
  readonly status: "DELIVERY_ACK"
  readonly message: Readonly<Record<string, unknown>>
  readonly contextInfo: object | null
  /** The first field of `message`. */
  readonly messageType: string
  /** s since 1970 UTC. */
  readonly messageTimestamp: number
  readonly instanceId: string
  readonly source: "android"
}

/** A message from a phone or JID; `content` is WhatsApp's: `{ conversation: "Olá!" }`. */
export const receivedMessage = (
  from: string,
  content: Readonly<Record<string, unknown>>,
  context: { readonly instanceId: string; readonly seconds: number },
  options: MessageOptions = {}
): ReceivedMessage => {
  const sender = jidOf(from)
  const [messageType = "unknown"] = Object.keys(content)
  const { contextInfo = null, group, pushName = "Ana" } = options
  return {
    key: {
      remoteJid: group ?? sender,
      fromMe: false,
      // Android's ids have 32 digits: Evolution tells the device by it.
      id: options.id ?? `AC${randomBytes(15).toString("hex").toUpperCase()}`,
      ...(group === undefined ? {} : { participant: sender })
    },
    pushName,
    status: "DELIVERY_ACK",
    message: { ...content, messageContextInfo: messageContextInfo(context.seconds) },
    contextInfo,
    messageType,
    messageTimestamp: options.messageTimestamp ?? context.seconds,
    instanceId: context.instanceId,
    source: "android"
  }
}

/** Bytes that nearly every message has, because of which Socket.IO sends it with attachments. */
const messageContextInfo = (seconds: number) => {
  const timestamp = { low: seconds - 86_400, high: 0, unsigned: true }
  return {
    deviceListMetadata: {
      senderKeyHash: new Uint8Array(randomBytes(10)),
      senderTimestamp: timestamp,
      recipientKeyHash: new Uint8Array(randomBytes(10)),
      recipientTimestamp: timestamp
    },
    deviceListMetadataVersion: 2,
    messageSecret: new Uint8Array(randomBytes(32))
  }
}
