/** Node's server, which answers in typed JSON also where a request never comes to a route. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse
} from "node:http"
import type { Duplex } from "node:stream"
import { Schema } from "effect"
import { HeadersTooLarge, MalformedRequest, RequestTooSlow, RouteNotFound } from "../Api.ts"

/** Milliseconds that a request, and its head, may take to arrive; how often that is looked after. */
const requestTimeout = 30_000
const headersTimeout = 10_000
const connectionsCheckingInterval = 2000

/** What stands in every answer that is no page. */
export const answerHeaders = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff"
}

export const make = (listener: RequestListener): Server => {
  const server = createServer(
    // Node's own refusals have no body.
    { requireHostHeader: false, requestTimeout, headersTimeout, connectionsCheckingInterval },
    listener
  )
  /** The answer under way on a connection. */
  const answers = new WeakMap<Duplex, ServerResponse>()
  server.prependListener("request", ({ socket }, answer) => answers.set(socket, answer))

  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket)
    const hasBegun = answer?.headersSent === true && !answer.writableFinished
    if (error.code === "ECONNRESET" || hasBegun || !socket.writable) return socket.destroy()
    socket.end(refusalOf(error))
  })
  // There is nothing to expect but to be told to go on, which Node sees to.
  server.on("checkExpectation", (request: IncomingMessage, answer: ServerResponse) => {
    request.resume()
    answer.writeHead(417, {
      ...answerHeaders,
      "content-type": "application/json",
      connection: "close"
    })
    answer.end(encodeMalformed(malformed(`Cannot fulfil "Expect: ${request.headers.expect}"`)))
  })
  server.on("connect", ({ url }: IncomingMessage, socket: Duplex) => {
    const message = `No such route: CONNECT ${url}; see /docs`
    socket.end(answerOf(404, encodeRouteNotFound(new RouteNotFound({ message }))))
  })
  return server
}

const malformed = (message: string) => new MalformedRequest({ message })

const refusalOf = ({ code }: NodeJS.ErrnoException): string => {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return answerOf(
        431,
        encodeHeadersTooLarge(
          new HeadersTooLarge({ message: "The headers, or the address, are too long" })
        )
      )
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return answerOf(
        408,
        encodeTooSlow(new RequestTooSlow({ message: "The request did not come in time" }))
      )
    default:
      return answerOf(400, encodeMalformed(malformed("This is no HTTP request")))
  }
}

const encoderOf = <A, I>(schema: Schema.Schema<A, I>) => Schema.encodeSync(Schema.parseJson(schema))
const encodeMalformed = encoderOf(MalformedRequest)
const encodeRouteNotFound = encoderOf(RouteNotFound)
const encodeHeadersTooLarge = encoderOf(HeadersTooLarge)
const encodeTooSlow = encoderOf(RequestTooSlow)

const phrases: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  408: "Request Timeout",
  431: "Request Header Fields Too Large"
}

/** A whole answer, for a connection of which Node has nothing to answer on. */
const answerOf = (status: number, body: string): string =>
  [
    `HTTP/1.1 ${status} ${phrases[status]}`,
    ...Object.entries(answerHeaders).map(([name, value]) => `${name}: ${value}`),
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    "",
    body
  ].join("\r\n")
