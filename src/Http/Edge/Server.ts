/** Node's server. It answers in typed JSON even if a request never comes to a route. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES
} from "node:http"
import type { Duplex } from "node:stream"
import { Schema } from "effect"
import { HeadersTooLarge, MalformedRequest, RequestTooSlow, RouteNotFound } from "../Api.ts"

/** Time for a request and for its head to arrive, and between two checks of both; in ms. */
const requestTimeout = 30_000
const headersTimeout = 10_000
const connectionsCheckingInterval = 2000

/** Headers of every answer that is no page. */
export const answerHeaders = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff"
}

export const make = (listener: RequestListener): Server => {
  const server = createServer(
    // Node refuses a request without Host, and its refusals have no body.
    { requireHostHeader: false, requestTimeout, headersTimeout, connectionsCheckingInterval },
    listener
  )
  /** The latest answer on each connection. */
  const answers = new WeakMap<Duplex, ServerResponse>()
  server.prependListener("request", ({ socket }, answer) => answers.set(socket, answer))

  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket)
    const hasBegun = answer?.headersSent === true && !answer.writableFinished
    if (error.code === "ECONNRESET" || hasBegun || !socket.writable) return socket.destroy()
    socket.end(textOf(refusalOf(error)))
  })
  // Node answers "100-continue" by itself and asks here about everything else.
  server.on("checkExpectation", (request: IncomingMessage, answer: ServerResponse) => {
    const { body, headers, status } = malformed(
      417,
      `Cannot fulfil "Expect: ${request.headers.expect}"`
    )
    request.resume()
    answer.writeHead(status, headers).end(body)
  })
  server.on("connect", ({ url }: IncomingMessage, socket: Duplex) => {
    const message = `No such route: CONNECT ${url}; see /docs`
    socket.end(textOf(refusal(404, RouteNotFound, new RouteNotFound({ message }))))
  })
  return server
}

interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: string
}

const refusal = <A, I>(status: number, schema: Schema.Schema<A, I>, error: A): Refusal => {
  const body = JSON.stringify(Schema.encodeSync(schema)(error))
  const headers = {
    ...answerHeaders,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close"
  }
  return { status, headers, body }
}

const malformed = (status: number, message: string): Refusal =>
  refusal(status, MalformedRequest, new MalformedRequest({ message }))

const refusalOf = ({ code }: NodeJS.ErrnoException): Refusal => {
  switch (code) {
    case "HPE_HEADER_OVERFLOW": {
      const message = "The headers, or the address, are too long"
      return refusal(431, HeadersTooLarge, new HeadersTooLarge({ message }))
    }
    case "ERR_HTTP_REQUEST_TIMEOUT": {
      const message = "The request did not come in time"
      return refusal(408, RequestTooSlow, new RequestTooSlow({ message }))
    }
    default:
      return malformed(400, "This is no HTTP request")
  }
}

/** A whole answer as text, for a connection on which Node has none to write to. */
const textOf = ({ body, headers, status }: Refusal): string =>
  [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    body
  ].join("\r\n")
