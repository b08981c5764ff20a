/** Messages made up in the shape of Evolution's, about 1 KB each, and sent at a steady pace. */
import { randomBytes } from "node:crypto"
import { makeRandom } from "../../../src/Testing/Random.ts"
import type { Load } from "./Commands.ts"

type Emit = (instance: string, event: string, data: object) => void

/** Messages overdue for longer are never sent: the process was suspended meanwhile. */
const maxBacklogMillis = 500
const tickMillis = 10

const presenceBase = 5_511_000_000_000

const phrases = [
  "Olá, tudo bem? O pedido já saiu para entrega. ",
  "Não esqueça de avisar quando chegar, por favor. ",
  "Segunda-feira às nove na loja da esquina, combinado. ",
  "Obrigada pela atenção! "
] as const
/** Outside Latin-1, so that V8 stores two bytes per character. */
const cheerful = "Parabéns 🎉🎂 "

export const makeMessages = (emit: Emit) => {
  const counts = new Map<string, number>()
  const random = makeRandom(1, "messages")
  let timer: NodeJS.Timeout | undefined

  const next = (instance: string): number => {
    const seq = (counts.get(instance) ?? 0) + 1
    counts.set(instance, seq)
    return seq
  }

  const send = (instance: string, draw = random, people?: number): string => {
    const data = message(instance, next(instance), draw.between(400, 900), draw, people)
    emit(instance, "messages.upsert", data)
    return data.key.id
  }

  /** Its number is in the address of the chat. */
  const sendPresence = (instance: string): void => {
    const id = `${presenceBase + next(instance)}@s.whatsapp.net`
    emit(instance, "presence.update", {
      id,
      presences: { [id]: { lastKnownPresence: "composing" } }
    })
  }

  /** Random bytes, which Postgres cannot compress, as it cannot compress pictures. */
  const sendMedia = (instance: string, bytes: number): void => {
    const data = message(instance, next(instance), 20)
    const base64 = randomBytes(bytes).toString("base64")
    emit(instance, "messages.upsert", { ...data, message: { ...data.message, base64 } })
  }

  const end = (): void => {
    clearInterval(timer)
    timer = undefined
  }

  const begin = (load: Load): void => {
    const { eventsPerSecond, instances, people, presences = 0, seconds, seed } = load
    end()
    const draw = makeRandom(seed, "load")
    const began = performance.now()
    let sofar = began
    timer = setInterval(() => {
      const now = performance.now()
      if (seconds !== undefined && now - began >= seconds * 1000) return end()
      sofar = Math.max(sofar, now - maxBacklogMillis)
      for (; sofar < now; sofar += 1000 / eventsPerSecond) {
        const instance = instances[draw.between(0, instances.length - 1)] ?? ""
        if (presences > 0 && draw.next() < presences) sendPresence(instance)
        else send(instance, draw, people)
      }
    }, tickMillis)
  }

  return { send, sendMedia, begin, end }
}

/** The event's number, read from a message's text or a presence's address. */
export const seqOf = (data: unknown): number | null => {
  if (typeof data === "object" && data !== null && "presences" in data && "id" in data)
    return Number.parseInt(String(data.id), 10) - presenceBase
  const text = textOf(data)
  const [, digits] = /^#(\d+) /.exec(text) ?? []
  return digits === undefined ? null : Number(digits)
}

const textOf = (data: unknown): string => {
  if (typeof data !== "object" || data === null || !("message" in data)) return ""
  const { message } = data
  if (typeof message !== "object" || message === null || !("conversation" in message)) return ""
  return typeof message.conversation === "string" ? message.conversation : ""
}

export const message = (
  instance: string,
  seq: number,
  size: number,
  random = makeRandom(seq, instance),
  people = 90_000_000
) => {
  let text = `#${seq} ${random.next() < 0.1 ? cheerful : ""}`
  while (text.length < size) text += random.pick(phrases)
  return {
    key: {
      id: `3EB0${instance.replaceAll(/\W/g, "").toUpperCase()}X${String(seq).padStart(6, "0")}`,
      remoteJid: `55119${random.between(10_000_000, 10_000_000 + people - 1)}@s.whatsapp.net`,
      fromMe: false
    },
    pushName: "Cliente",
    message: { conversation: text.slice(0, size) },
    contextInfo: {},
    messageType: "conversation",
    messageTimestamp: Math.floor(Date.now() / 1000),
    source: "android"
  }
}
