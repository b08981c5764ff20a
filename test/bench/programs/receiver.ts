/** Receivers of webhooks: one for each path. They note how old each message is, from its sending by Evolution. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { micros, stampDigits, stampMark } from "./Evolution/Frames.ts"
import { serve } from "./serve.ts"

export type Receiver = typeof commands

const mark = Buffer.from(stampMark)
const counts = new Map<string, number>()
const took = new Map<string, Array<number>>()
/** Requests at paths that do not answer. */
const held = new Set<ServerResponse>()
let silent: ReadonlySet<string> = new Set()

const note = (path: string, body: Buffer, at: number): void => {
  const from = body.indexOf(mark) + mark.length
  const sent = Number(body.toString("latin1", from, from + stampDigits))
  counts.set(path, (counts.get(path) ?? 0) + 1)
  const times = took.get(path)
  if (times === undefined) took.set(path, [(at - sent) / 1000])
  else times.push((at - sent) / 1000)
}

const receive = (request: IncomingMessage, response: ServerResponse): void => {
  const path = request.url ?? ""
  if (silent.has(path)) {
    held.add(response)
    response.on("close", () => held.delete(response))
    request.resume()
    return
  }
  const at = micros()
  const parts: Array<Buffer> = []
  request.on("data", (part: Buffer) => parts.push(part))
  request.on("end", () => {
    const [only] = parts
    note(path, parts.length === 1 && only !== undefined ? only : Buffer.concat(parts), at)
    response.writeHead(200, { "content-length": 0 })
    response.end()
  })
}

const server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 }, receive)
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4096, resolve))
const { port } = server.address() as AddressInfo // listening on TCP, so never a pipe's name

const commands = {
  url: (): string => `http://127.0.0.1:${port}`,
  /** Messages so far at each of the paths. */
  counts: (paths: ReadonlyArray<string>): ReadonlyArray<number> =>
    paths.map((path) => counts.get(path) ?? 0),
  forget: (): void => {
    counts.clear()
    took.clear()
  },
  /** The ages in ms of what came to the paths since the last call. */
  ages: (paths: ReadonlyArray<string> = []): ReadonlyArray<number> => {
    const found = paths.flatMap((path) => took.get(path) ?? [])
    took.clear()
    return found
  },
  /** These paths take requests and do not answer. */
  silence: (paths: ReadonlyArray<string>): void => {
    silent = new Set(paths)
  },
  /** Cuts the connections of the requests that were not answered. */
  release: (): void => {
    silent = new Set()
    for (const { socket } of held) socket?.resetAndDestroy()
  }
}

serve(commands)
