/** `POST /message/…`: messages that a bot sends, answered as Evolution 2.3.7 answers. */
import { randomBytes } from "node:crypto"
import { isOnWhatsApp, jidOf } from "../Jid.ts"
import { clockOf } from "../State.ts"
import type { Call, Routes } from "./Call.ts"
import { badRequest, created, type Reply, serverError } from "./Reply.ts"
import { type Fields, problemsOf } from "./Schema.ts"

type Body = Call["body"]

interface Kind {
  readonly fields: Fields
  /** Checks that come after the schema; gives the message of the error. */
  readonly check?: (body: Body) => string | undefined
  readonly to: (body: Body) => unknown
  readonly message: (body: Body) => Readonly<Record<string, unknown>>
  readonly text: (body: Body) => unknown
}

const anyone = { number: "number" } as const
const toNumber = ({ number }: Body) => number

const media = (field: string) => (body: Body) =>
  isUrl(body[field]) || isBase64(body[field]) ? undefined : "Owned media must be a url or base64"

/** The place of a file at WhatsApp, and the keys that open it. */
const file = () => {
  const directPath = `/v/t62.7118-24/${randomBytes(8).toString("hex")}.enc`
  return {
    url: `https://mmg.whatsapp.net${directPath}`,
    directPath,
    mediaKey: new Uint8Array(randomBytes(32)),
    fileSha256: new Uint8Array(randomBytes(32)),
    fileEncSha256: new Uint8Array(randomBytes(32))
  }
}

const kinds: Readonly<Record<string, Kind>> = {
  sendText: {
    fields: { ...anyone, text: "string" },
    check: ({ text }) => (String(text).trim() === "" ? "Text is required" : undefined),
    to: toNumber,
    message: ({ text }) => ({ conversation: text }),
    text: ({ text }) => text
  },
  sendMedia: {
    fields: { ...anyone, mediatype: ["image", "document", "video", "audio"] },
    check: (body) =>
      isBase64(body.media) && body.mediatype === "document" && body.fileName === undefined
        ? "For base64 the file name must be informed."
        : media("media")(body),
    to: toNumber,
    message: ({ caption, fileName, mediatype, mimetype }) => ({
      [`${mediatype}Message`]: {
        ...file(),
        mimetype: mediatype === "image" ? "image/jpeg" : mimetype,
        caption,
        fileName: fileName ?? fileNames[String(mediatype)]
      }
    }),
    text: ({ caption }) => caption
  },
  sendWhatsAppAudio: {
    fields: anyone,
    check: media("audio"),
    to: toNumber,
    message: () => ({
      audioMessage: { ...file(), mimetype: "audio/ogg; codecs=opus", ptt: true }
    }),
    text: () => null
  },
  sendSticker: {
    fields: anyone,
    check: media("sticker"),
    to: toNumber,
    message: () => ({ stickerMessage: { ...file(), mimetype: "image/webp" } }),
    text: () => null
  },
  sendLocation: {
    fields: {
      ...anyone,
      latitude: "decimal",
      longitude: "decimal",
      name: "string",
      address: "string"
    },
    to: toNumber,
    message: ({ address, latitude, longitude, name }) => ({
      locationMessage: {
        degreesLatitude: latitude,
        degreesLongitude: longitude,
        name,
        address
      }
    }),
    text: () => null
  },
  sendReaction: {
    fields: { key: { id: "string", remoteJid: "string", fromMe: "boolean" }, reaction: "string" },
    check: ({ reaction }) =>
      reaction === "" || isEmoji(String(reaction))
        ? undefined
        : "Reaction must be a single emoji or empty string",
    to: ({ key }) => Object(key).remoteJid,
    message: ({ key, reaction }) => ({ reactionMessage: { key, text: reaction } }),
    text: ({ reaction }) => reaction
  }
}

const fileNames: Readonly<Record<string, string>> = { image: "image.jpg", video: "video.mp4" }

const isEmoji = (text: string): boolean =>
  [...new Intl.Segmenter().segment(text)].length === 1 &&
  /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u.test(text)

/** A host needs a dot: Evolution takes no `localhost`. */
const isUrl = (text: unknown): boolean =>
  typeof text === "string" &&
  URL.canParse(text) &&
  /^(https?|ftp):$/.test(new URL(text).protocol) &&
  /\.([\p{L}]{2,}|xn--[\w-]+|\d+)$/u.test(new URL(text).hostname)

const isBase64 = (text: unknown): boolean =>
  typeof text === "string" && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)

/** The answer to a call that needs WhatsApp and names a number, if it cannot be done. */
export const refusalOf = ({ instance, state }: Call, number: string): Reply | undefined => {
  if (instance.state !== "open") return serverError("Connection Closed")
  const jid = jidOf(number)
  return isOnWhatsApp(state.settings.notOnWhatsApp, jid)
    ? undefined
    : badRequest({ jid, exists: false, number })
}

const send =
  (name: string, kind: Kind) =>
  async (call: Call): Promise<Reply> => {
    const { body, emit, instance, sent, state, timers } = call
    const problems = problemsOf(kind.fields, body)
    if (problems.length > 0) return badRequest(problems)
    const problem = kind.check?.(body)
    if (problem !== undefined) return badRequest(problem)
    const number = String(kind.to(body))
    const refusal = refusalOf(call, number)
    if (refusal !== undefined) return refusal
    await timers.sleep(typeof body.delay === "number" ? body.delay : 0)

    const message = kind.message(body)
    const [messageType = "unknown"] = Object.keys(message)
    const to = jidOf(number).toLowerCase()
    const seconds = Math.floor(clockOf(state) / 1000)
    const id = `3EB0${randomBytes(9).toString("hex").toUpperCase()}`
    const data = {
      key: { remoteJid: to, fromMe: true, id },
      pushName: "Você",
      status: "PENDING",
      message,
      ...(to.endsWith("@g.us") || name === "sendReaction"
        ? {}
        : { contextInfo: contextInfo(seconds) }),
      messageType,
      messageTimestamp: seconds,
      instanceId: instance.id,
      source: "web"
    }
    const text = kind.text(body)
    sent.add({
      instance: instance.name,
      call: name,
      to,
      text: typeof text === "string" ? text : null,
      id,
      body,
      data
    })
    emit(instance.name, "send.message", data)
    return created(data)
  }

const contextInfo = (seconds: number) => ({
  mentionedJid: [],
  groupMentions: [],
  ephemeralSettingTimestamp: { low: seconds - 172_800, high: 0, unsigned: false },
  disappearingMode: { initiator: 0 }
})

export const sending: Routes = Object.fromEntries(
  Object.entries(kinds).map(([name, kind]) => [`POST /message/${name}`, send(name, kind)])
)
