/** An HTTP server that notes each request in a file before it answers, and answers as it is told. */
import { once } from "node:events"
import { openSync, writeSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { pipeline } from "node:stream/promises"
import { Webhook } from "standardwebhooks"
import { makeRandom } from "../../../src/Testing/Random.ts"
import { readBody, toLine } from "./Arrival.ts"
import { type Behaviour, behaviourOf, surely } from "./Behaviour.ts"

/** All that a receiver is told at its start, so that it is the same after a restart. */
export interface Orders {
  readonly file: string
  /** 0: a free one. */
  readonly port: number
  readonly seed: number
  readonly keepsHeaders: boolean
  /** By path; a path that is not there asks for its manner itself. */
  readonly behaviours: Readonly<Record<string, Behaviour>>
  /** `whsec_…`, by path. */
  readonly secrets: Readonly<Record<string, string>>
}

export type Order =
  | { readonly path: string; readonly behaviour: Behaviour }
  | { readonly path: string; readonly secret: string }

const textOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Array<Buffer> = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString("utf8")
}

const header = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name]
  return typeof value === "string" ? value : ""
}

const isSignedWith = (webhook: Webhook, request: IncomingMessage, body: string): boolean => {
  try {
    webhook.verify(body, headersOf(request), { jsonParse: false })
    return true
  } catch {
    return false // it throws for each reason
  }
}

const headersOf = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))

const answer = async (behaviour: Behaviour, status: number, response: ServerResponse) => {
  switch (behaviour._tag) {
    case "Answer":
      response.writeHead(status, behaviour.headers ?? {}).end()
      return
    case "Fails":
      response.writeHead(status).end()
      return
    case "BlackHole":
      return
    case "Late": {
      const timer = setTimeout(() => response.writeHead(200).end(), behaviour.seconds * 1000)
      response.once("close", () => clearTimeout(timer))
      return
    }
    case "Cut":
      response.socket?.write("HTTP/1.1 200 OK\r\ncontent-len")
      response.socket?.destroySoon()
      return
    case "SlowBody": {
      response.writeHead(200, { "content-type": "text/plain" }).flushHeaders()
      const timer = setInterval(() => response.write("."), 100)
      const end = setTimeout(() => response.end(), behaviour.seconds * 1000)
      response.once("close", () => {
        clearInterval(timer)
        clearTimeout(end)
      })
      return
    }
    case "HugeBody": {
      response.writeHead(200, { "content-type": "text/plain" })
      const part = Buffer.alloc(1024 * 1024, "x")
      const parts = Array.from({ length: behaviour.megabytes }, () => part)
      // The sender may have read enough.
      await pipeline(parts, response).catch(() => undefined)
    }
  }
}

/** Listens until the process ends. */
export const serve = async (orders: Orders) => {
  const behaviours = new Map(Object.entries(orders.behaviours))
  const webhooks = new Map(
    Object.entries(orders.secrets).map(([path, secret]) => [path, new Webhook(secret)])
  )
  const random = makeRandom(orders.seed, "receiver")
  const file = openSync(orders.file, "a")

  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const at = Date.now()
    const path = request.url ?? ""
    const body = await textOf(request)
    const behaviour = behaviours.get(path) ?? behaviourOf(path)
    const isFailing = behaviour._tag === "Fails" && random.next() * 100 < behaviour.percent
    const status = surely(behaviour, isFailing)
    const webhook = webhooks.get(path)
    const line = toLine({
      at,
      path,
      id: header(request, "webhook-id"),
      ...readBody(body),
      manner: behaviour._tag,
      status,
      isSigned: webhook === undefined ? null : isSignedWith(webhook, request, body),
      isReplay: header(request, "webhook-replay") === "true",
      ...(orders.keepsHeaders ? { headers: headersOf(request) } : {})
    })
    // It is in the kernel before the answer is: what was confirmed is noted, also if the process is killed now.
    writeSync(file, line)
    await answer(behaviour, status, response)
  }

  const server = createServer((request, response) => {
    // The sender went away in the midst of its request.
    take(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  server.requestTimeout = 0
  server.listen(orders.port, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return {
    port: address.port,
    /** Takes no more requests, and answers those that it has. */
    close: async (): Promise<void> => {
      const closed = once(server, "close")
      server.close()
      // A connection becomes idle when its request is answered.
      const closing = setInterval(() => server.closeIdleConnections(), 5)
      await closed
      clearInterval(closing)
    },
    obey: (order: Order): void => {
      if ("behaviour" in order) behaviours.set(order.path, order.behaviour)
      else webhooks.set(order.path, new Webhook(order.secret))
    }
  }
}
