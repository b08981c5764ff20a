/**
 * WebSocket frames that carry `messages.upsert` as Evolution sends it, encoded beforehand: each frame
 * differs from the next in digits at known places (the id of the message, the time).
 */
import { makeRandom } from "../../../../src/Testing/Random.ts"

export interface Template {
  readonly bytes: Buffer
  /** Offset of the message's number in the id of its key. */
  readonly idAt: number
  /** Offset of the time of sending in the text: µs of the machine's monotonic clock. */
  readonly stampAt: number
  /** Offset of `date_time`. */
  readonly dateAt: number
}

export const idDigits = 11
export const stampDigits = 16
/** Precedes the time of sending, so that a reader finds it. */
export const stampMark = "sent:"

const idBlank = "#".repeat(idDigits)
const stampBlank = "@".repeat(stampDigits)
const dateBlank = "2026-01-01T00:00:00.000Z"

const phrases = [
  "Olá, tudo bem? O pedido já saiu para entrega. ",
  "Não esqueça de avisar quando chegar, por favor. ",
  "Segunda-feira às nove na loja da esquina, combinado. ",
  "Obrigada pela atenção! "
] as const
/** Outside Latin-1, so that V8 stores two bytes per character. */
const cheerful = "Parabéns 🎉🎂 "

export interface Kind {
  readonly instance: string
  /** Number of the instance, which makes the ids of its messages unique. */
  readonly index: number
  readonly variant: number
  readonly namespace: string
  /** With a preview of an image as a second, binary frame. */
  readonly isBinary: boolean
}

/** The envelope, with its blanks. */
const envelopeOf = ({ index, instance, isBinary, variant }: Omit<Kind, "namespace">) => {
  const random = makeRandom(variant + 1, instance)
  const size = random.between(400, 900)
  let text = `${stampMark}${stampBlank} ${random.next() < 0.1 ? cheerful : ""}`
  while (text.length < size) text += random.pick(phrases)
  return {
    event: "messages.upsert",
    instance,
    data: {
      key: {
        id: `3EB0${String(index).padStart(5, "0")}${idBlank}`,
        remoteJid: `55119${random.between(10_000_000, 99_999_999)}@s.whatsapp.net`,
        fromMe: false
      },
      pushName: "Cliente",
      message: isBinary
        ? {
            imageMessage: {
              caption: text.slice(0, size),
              mimetype: "image/jpeg",
              jpegThumbnail: { _placeholder: true, num: 0 }
            }
          }
        : { conversation: text.slice(0, size) },
      contextInfo: {},
      messageType: isBinary ? "imageMessage" : "conversation",
      messageTimestamp: 1_795_452_079,
      source: "android",
      instanceId: "0a5f343e-bb23-4fc2-94e1-b17f84412637"
    },
    server_url: "http://localhost:8080",
    date_time: dateBlank,
    sender: "5511999990001@s.whatsapp.net",
    apikey: null
  }
}

export const makeTemplate = (kind: Kind): Template => {
  const { isBinary, namespace } = kind
  const place = namespace === "/" ? "" : `${namespace},`
  const args = JSON.stringify(["messages.upsert", envelopeOf(kind)])
  const thumbnail = Buffer.from(Array.from({ length: 600 }, (_, at) => (at * 151) & 0xff))
  const bytes = Buffer.concat([
    frame(0x1, Buffer.from(`${isBinary ? "451-" : "42"}${place}${args}`, "utf8")),
    ...(isBinary ? [frame(0x2, thumbnail)] : [])
  ])
  return {
    bytes,
    idAt: bytes.indexOf(idBlank),
    stampAt: bytes.indexOf(stampBlank),
    dateAt: bytes.indexOf(dateBlank)
  }
}

/** The data of one message as JSON text, as the row of such a frame has it. */
export const dataOf = (
  kind: Omit<Kind, "namespace" | "isBinary">
): ((serial: number) => string) => {
  const [before = "", after = ""] = JSON.stringify(
    envelopeOf({ ...kind, isBinary: false }).data
  ).split(idBlank)
  return (serial) => before + String(serial).padStart(idDigits, "0") + after
}

/** One unmasked WebSocket frame, as a server sends it (RFC 6455, 5.2). */
const frame = (opcode: number, payload: Buffer): Buffer => {
  if (payload.length > 65_535) throw new Error("longer than the bench has use for")
  const header =
    payload.length < 126
      ? Buffer.from([0x80 | opcode, payload.length])
      : Buffer.from([0x80 | opcode, 126, payload.length >>> 8, payload.length & 0xff])
  return Buffer.concat([header, payload])
}

/** Writes a number with a fixed count of digits. */
export const writeDigits = (target: Buffer, at: number, digits: number, value: number): void => {
  let left = value
  for (let place = at + digits - 1; place >= at; place--) {
    const rest = Math.floor(left / 10)
    target[place] = 48 + left - rest * 10
    left = rest
  }
}

/** µs of the monotonic clock, which all processes of a machine share. */
export const micros = (): number => Number(process.hrtime.bigint() / 1000n)
