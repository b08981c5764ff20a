/** Sends requests to other replicas, directly: no proxy, no redirect. */
import * as Http from "node:http"
import * as Https from "node:https"
import { isIP } from "node:net"
import { Data, Effect, type Scope } from "effect"

/** The replica was not reached; it has not seen the request. */
export class NotReached extends Data.TaggedError("NotReached")<{ readonly cause: Error }> {}

/** The connection broke before an answer came; the replica may have seen the request. */
export class BrokeOff extends Data.TaggedError("BrokeOff")<{ readonly cause: Error }> {}

export interface Sent {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: Http.OutgoingHttpHeaders
  readonly body: string
}

/** Milliseconds for a connection to come about. */
const connectWithin = 1000

/** Milliseconds of silence after which a stream is taken for dead; it has a heartbeat every 15 s. */
const silentStream = 45_000

export const isSafe = (method: string): boolean => method === "GET" || method === "HEAD"

type Options = Http.RequestOptions & Https.RequestOptions

const requestOf = {
  "http:": (options: Options) => Http.request(options),
  "https:": (options: Options) => Https.request(options)
}

export interface Wire {
  /**
   * Sends a request, and succeeds when the head of the answer is there. The scope holds the connection: its end, or
   * an interruption, breaks the request off.
   */
  readonly send: (
    to: URL,
    what: Sent
  ) => Effect.Effect<Http.IncomingMessage, NotReached | BrokeOff, Scope.Scope>
}

/** Connections are kept for further requests until the scope closes. */
export const make: Effect.Effect<Wire, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => ({
      "http:": new Http.Agent({ keepAlive: true }),
      "https:": new Https.Agent({ keepAlive: true })
    })),
    (agents) =>
      Effect.sync(() => {
        for (const agent of Object.values(agents)) agent.destroy()
      })
  ),
  (agents): Wire => ({
    send: (to, { body, headers, method, path }) => {
      const protocol = to.protocol === "https:" ? "https:" : "http:"
      const hostname = to.hostname.replace(/^\[|\]$/g, "")
      const begin = () =>
        requestOf[protocol]({
          protocol,
          hostname,
          port: to.port,
          // Node would take the name for TLS from the header Host, which is the caller's.
          servername: isIP(hostname) === 0 ? hostname : "",
          method,
          path: `${to.pathname.replace(/\/$/, "")}${path}`,
          headers:
            body === "" ? headers : { ...headers, "content-length": Buffer.byteLength(body) },
          // A kept connection may close at this moment, and a command must not be sent twice.
          agent: isSafe(method) ? agents[protocol] : false
        })
      return Effect.flatMap(
        Effect.acquireRelease(Effect.sync(begin), (request) =>
          Effect.sync(() => void request.destroy())
        ),
        (request) => answerOf(request, body)
      )
    }
  })
)

/** An answer about all instances of a server has some ten megabytes. */
const maxBytes = 64 * 1024 * 1024

/** The body of an answer, as UTF-8. Dies if it has more than 64 MiB. */
export const textOf = (answer: Http.IncomingMessage) =>
  Effect.async<string, BrokeOff>((resume) => {
    const parts: Array<Buffer> = []
    let size = 0
    answer.on("data", (part: Buffer) => {
      size += part.length
      parts.push(part)
      if (size > maxBytes) resume(Effect.dieMessage("The answer of a replica is too large"))
    })
    answer.once("end", () => resume(Effect.succeed(Buffer.concat(parts).toString("utf8"))))
    answer.on("error", (cause) => resume(new BrokeOff({ cause })))
    return Effect.sync(() => void answer.destroy())
  })

const answerOf = (request: Http.ClientRequest, body: string) =>
  Effect.async<Http.IncomingMessage, NotReached | BrokeOff>((resume) => {
    let isConnected = false
    const late = setTimeout(
      () => request.destroy(new Error(`No connection within ${connectWithin} ms`)),
      connectWithin
    )
    const connected = () => {
      isConnected = true
      clearTimeout(late)
    }
    request.once("socket", (socket) => {
      if (!socket.connecting) return connected()
      socket.once("encrypted" in socket ? "secureConnect" : "connect", connected)
    })
    request.once("response", (answer) => {
      if (/^text\/event-stream/.test(answer.headers["content-type"] ?? ""))
        request.setTimeout(silentStream, () => void answer.destroy(new Error("The stream is dead")))
      resume(Effect.succeed(answer))
    })
    // Stays to the end: an error without a listener ends the process.
    request.on("error", (cause) => {
      clearTimeout(late)
      resume(isConnected ? new BrokeOff({ cause }) : new NotReached({ cause }))
    })
    request.end(body)
    return Effect.sync(() => {
      clearTimeout(late)
      request.destroy()
    })
  })
