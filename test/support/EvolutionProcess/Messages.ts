/** Messages made up in the shape of Evolution's, about 1 KB each, and sent at a steady pace. */
import { makeRandom } from "../Random.ts"
import type { Load } from "./Commands.ts"

type Emit = (instance: string, data: object) => void

/** Messages overdue for longer are never sent: the process was suspended meanwhile. */
const maxBacklogMillis = 500
const tickMillis = 10

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

  const send = (instance: string, draw = random): string => {
    const seq = (counts.get(instance) ?? 0) + 1
    counts.set(instance, seq)
    const data = message(instance, seq, draw.between(400, 900), draw)
    emit(instance, data)
    return data.key.id
  }

  const end = (): void => {
    clearInterval(timer)
    timer = undefined
  }

  const begin = ({ eventsPerSecond, instances, seconds, seed }: Load): void => {
    end()
    const draw = makeRandom(seed, "load")
    const began = performance.now()
    let sofar = began
    timer = setInterval(() => {
      const now = performance.now()
      if (seconds !== undefined && now - began >= seconds * 1000) return end()
      sofar = Math.max(sofar, now - maxBacklogMillis)
      for (; sofar < now; sofar += 1000 / eventsPerSecond)
        send(instances[draw.between(0, instances.length - 1)] ?? "", draw)
    }, tickMillis)
  }

  return { send, begin, end }
}

/** The message's number, read from its text. */
export const seqOf = (data: unknown): number | null => {
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
  random = makeRandom(seq, instance)
) => {
  let text = `#${seq} ${random.next() < 0.1 ? cheerful : ""}`
  while (text.length < size) text += random.pick(phrases)
  return {
    key: {
      id: `3EB0${instance.replaceAll(/\W/g, "").toUpperCase()}X${String(seq).padStart(6, "0")}`,
      remoteJid: `55119${random.between(10_000_000, 99_999_999)}@s.whatsapp.net`,
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
