/** HTTP by hand: sends any bytes to a server and parses the answers. */
import { connect } from "node:net"

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Ending =
  /** Waits for the server to close. */
  | "wait"
  /** Ends the sending side, and waits. */
  | "half-close"

export interface Sent {
  /** Pieces, each sent in a packet of its own. */
  readonly parts: ReadonlyArray<string | Buffer>
  readonly ending: Ending
}

export interface Heard {
  readonly answers: ReadonlyArray<RawAnswer>
  /** Received bytes that are no answer. */
  readonly rest: string
  /** The server did not close in time. */
  readonly isHanging: boolean
  readonly millis: number
}

/** Sends the bytes and collects answers until the server closes the connection or the time is over. */
export const exchange = (port: number, { ending, parts }: Sent, deadline: number): Promise<Heard> =>
  new Promise((resolve) => {
    const began = performance.now()
    const received: Array<Buffer> = []
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    const finish = (isHanging: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      const millis = Math.round(performance.now() - began)
      resolve({ ...parse(Buffer.concat(received).toString("latin1")), isHanging, millis })
    }
    const timer = setTimeout(() => finish(true), deadline)
    socket.on("data", (part) => received.push(part))
    socket.on("end", () => finish(false))
    socket.on("error", () => finish(false)) // the bytes before the error count
    socket.setNoDelay(true)
    socket.on("connect", async () => {
      for (const part of parts) {
        await new Promise((sent) => socket.write(part, sent))
      }
      if (ending === "half-close") socket.end()
    })
  })

/** Parses answers with a content length or in chunks; some have no body. */
const parse = (text: string): { answers: ReadonlyArray<RawAnswer>; rest: string } => {
  const answers: Array<RawAnswer> = []
  let rest = text
  for (;;) {
    const end = rest.indexOf("\r\n\r\n")
    const match = /^HTTP\/1\.1 (\d{3})[^\r]*\r\n/.exec(rest)
    if (match === null || end === -1) return { answers, rest }
    const lines = rest.slice(match[0].length, end).split("\r\n")
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":")
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      })
    )
    rest = rest.slice(end + 4)
    const status = Number(match[1])
    if (status === 100) continue
    const length = headers["content-length"]
    const [body, after] =
      length !== undefined
        ? [rest.slice(0, Number(length)), rest.slice(Number(length))]
        : headers["transfer-encoding"] === "chunked"
          ? unchunk(rest)
          : [rest, ""]
    answers.push({ status, headers, body: Buffer.from(body, "latin1").toString("utf8") })
    rest = after
  }
}

const unchunk = (text: string): [string, string] => {
  let [body, rest] = ["", text]
  for (;;) {
    const line = rest.indexOf("\r\n")
    const size = Number.parseInt(rest.slice(0, line), 16)
    if (line === -1 || Number.isNaN(size)) return [body, ""]
    body += rest.slice(line + 2, line + 2 + size)
    rest = rest.slice(line + 2 + size + 2)
    if (size === 0) return [body, rest]
  }
}
