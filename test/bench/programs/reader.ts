/** Readers of the service's event stream; they may measure the age of each event. */
import { connect, type Socket } from "node:net"
import { micros, stampDigits, stampMark } from "./Evolution/Frames.ts"
import { serve } from "./serve.ts"

export interface ReadOptions {
  readonly port: number
  readonly path: string
  readonly apiKey: string
  readonly readers: number
  /** Records the time of each event from its sending to this reader. */
  readonly isTimed: boolean
}

export type Reader = typeof commands

let sockets: Array<Socket> = []
let bytes = 0
let reads = 0
/** Events of the first reader; the others get the same. */
let events = 0
let took: Array<number> = []

const mark = Buffer.from(stampMark)
const eventMark = Buffer.from("\nid: ")

const count = (part: Buffer, what: Buffer, found: (at: number) => void): void => {
  for (let at = part.indexOf(what); at >= 0; at = part.indexOf(what, at + what.length)) found(at)
}

/** Skips the few events whose mark is split between two reads. */
const look = (part: Buffer): void => {
  const now = micros()
  count(part, mark, (at) => {
    const from = at + mark.length
    const sent = Number(part.toString("latin1", from, from + stampDigits))
    if (sent > 0 && part.length >= from + stampDigits) took.push((now - sent) / 1000)
  })
}

/** One buffer for all sockets: no byte is kept. */
const shared = Buffer.alloc(256 * 1024)

const open = ({ apiKey, isTimed, path, port }: ReadOptions, isFirst: boolean): Promise<Socket> =>
  new Promise((resolve, reject) => {
    let isOpen = false
    const hear = (length: number): boolean => {
      bytes += length
      reads++
      if (isOpen && !isFirst && !isTimed) return true
      const part = shared.subarray(0, length)
      if (!isOpen && !part.includes("HTTP/1.1 200")) reject(new Error(part.toString()))
      if (!isOpen) resolve(socket)
      isOpen = true
      // The answer is chunked; chunk headers between events do not disturb the count.
      if (isFirst) count(part, eventMark, () => events++)
      if (isTimed) look(part)
      return true
    }
    const onread = { buffer: shared, callback: hear }
    const socket = connect({ port, host: "127.0.0.1", onread })
    socket.once("error", reject)
    socket.write(`GET ${path} HTTP/1.1\r\nhost: bench\r\napikey: ${apiKey}\r\n\r\n`)
  })

const commands = {
  /** Resolves when all readers have the head of their answer. */
  open: async (options: ReadOptions): Promise<void> => {
    for (let index = 0; index < options.readers; index += 50)
      sockets.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(50, options.readers - index) }, (_, one) =>
            open(options, index + one === 0)
          )
        ))
      )
  },
  close: (): void => {
    for (const socket of sockets) socket.destroy()
    sockets = []
  },
  /** Counts since the last call; times are in ms. */
  facts: () => {
    const facts = {
      bytes,
      reads,
      events,
      took,
      open: sockets.filter(({ destroyed }) => !destroyed).length
    }
    ;[bytes, reads, events, took] = [0, 0, 0, []]
    return facts
  }
}

serve(commands)
