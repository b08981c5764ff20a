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

/**
 * A proxy in front must close an idle connection first, or it sends a request into one that we close and
 * answers 502: nginx and AWS wait for 60 s, Traefik 90 s, Caddy 2 minutes, Google's load balancer 10 minutes.
 */
const keepAliveTimeout = 620_000

/** Headers of every answer that is no page. */
export const answerHeaders = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff"
}

/**
 * The target of a request as a path of ours. It may be a whole address (RFC 9112, 3.2.2), and may begin with
 * the path under which a proxy serves us.
 */
const pathOf = (target: string, basePath: string): string => {
  const path = target.replace(/^https?:\/\/[^/?]*/i, "").replace(/^(?=\?|$)/, "/")
  const outside = basePath.slice(0, -1)
  if (outside === "" || !path.startsWith(outside)) return path
  const inside = path.slice(outside.length)
  return inside === "" || inside.startsWith("?") ? `/${inside}` : inside[0] === "/" ? inside : path
}

/** `basePath`: a path that proxies may have left before ours; `/`: none. */
export const make = (listener: RequestListener, basePath = "/"): Server => {
  const server = createServer(
    {
      // Node refuses a request without Host, and its refusals have no body.
      requireHostHeader: false,
      requestTimeout,
      headersTimeout,
      keepAliveTimeout,
      connectionsCheckingInterval
    },
    listener
  )
  server.prependListener("request", (request) => {
    request.url = pathOf(request.url ?? "/", basePath)
  })
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
