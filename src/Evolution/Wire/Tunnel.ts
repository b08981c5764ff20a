/**
 * A connection to Evolution through an HTTP proxy, by CONNECT (RFC 9110, 9.3.6), for REST and the socket
 * alike. Libraries for it hand the proxy's own answer on as the server's, or drop it: here it is an error of
 * its own, which says nothing about Evolution.
 */
import * as Http from "node:http"
import * as Https from "node:https"
import { isIP, Socket } from "node:net"
import type { Duplex } from "node:stream"
import * as Tls from "node:tls"
import { Redacted } from "effect"
import { type OutgoingProxy, proxyWords } from "../../AppConfig.ts"
import { reasonOf } from "../../Domain/Reach.ts"

/** `message` names the proxy and has none of its words: they may repeat the password. */
export class ProxyFailed extends Error {
  readonly code: "PROXY_REFUSED" | "PROXY_UNREACHABLE"
  constructor(code: ProxyFailed["code"], message: string) {
    super(message)
    this.code = code
  }
}

/** Shorter than every deadline around it, which would blame Evolution. In ms. */
const patience = 8000

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, "$1")

/** The answer to CONNECT, whatever it is. Its socket is the way to the target if the status is 2xx. */
const ask = (proxy: OutgoingProxy, target: string, signal: AbortSignal) =>
  new Promise<{ readonly status: number; readonly socket: Socket }>((resolve, reject) => {
    const { authorization, url } = proxy
    const isTls = url.protocol === "https:"
    const request = (isTls ? Https : Http).request({
      host: bare(url.hostname),
      port: url.port || (isTls ? 443 : 80),
      method: "CONNECT",
      path: target,
      headers: {
        host: target,
        ...(authorization && { "proxy-authorization": Redacted.value(authorization) })
      },
      agent: false,
      signal
    })
    request.on("connect", ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      // Its user listens to errors from the next turn on.
      socket.on("error", () => undefined)
      if (head.length > 0) socket.unshift(head)
      resolve({ status: statusCode, socket })
    })
    request.on("error", reject)
    request.end()
  })

const secure = (socket: Socket, host: string, signal: AbortSignal) =>
  new Promise<Tls.TLSSocket>((resolve, reject) => {
    const secured = Tls.connect({
      socket,
      host,
      ...(isIP(host) === 0 && { servername: host }),
      ALPNProtocols: ["http/1.1"]
    })
    // Not the signal's reason: the code of a DOMException is a number.
    const abort = () =>
      secured.destroy(Object.assign(new Error("no TLS in time"), { code: "ETIMEDOUT" }))
    signal.addEventListener("abort", abort)
    secured.on("close", () => signal.removeEventListener("abort", abort))
    secured.on("error", reject)
    secured.on("secureConnect", () => {
      signal.removeEventListener("abort", abort)
      resolve(secured)
    })
    if (signal.aborted) abort()
  })

const wordsOf = (status: number, target: string): string => {
  switch (status) {
    case 407:
      return "the user and the password in its address are missing or wrong"
    case 403:
    case 405:
      return `it does not allow CONNECT to ${target} (Squid allows port 443 alone, unless it is told otherwise)`
    case 502:
    case 503:
    case 504:
      return `it cannot reach ${target}`
    default:
      return "is it an HTTP proxy that allows CONNECT?"
  }
}

/** Fails with `ProxyFailed`, or with the error of TLS with Evolution. */
const dial = async (proxy: OutgoingProxy, to: URL, cancelled: AbortSignal): Promise<Socket> => {
  const host = bare(to.hostname)
  const isTls = to.protocol === "https:"
  const target = `${to.hostname}:${to.port || (isTls ? 443 : 80)}`
  const late = AbortSignal.timeout(patience)
  const signal = AbortSignal.any([cancelled, late])
  const { socket, status } = await ask(proxy, target, signal).catch(
    (error: NodeJS.ErrnoException) => {
      const why = late.aborted
        ? `no answer within ${patience / 1000} s: it, or Evolution behind it, is out of reach`
        : (reasonOf(error.code ?? "", proxy.url.origin, proxy.setting) ??
          error.code ??
          error.message)
      throw new ProxyFailed("PROXY_UNREACHABLE", `${proxyWords(proxy)} fails: ${why}`)
    }
  )
  if (status < 200 || status > 299) {
    socket.destroy()
    throw new ProxyFailed(
      "PROXY_REFUSED",
      `${proxyWords(proxy)} answers HTTP ${status}: ${wordsOf(status, target)}`
    )
  }
  return isTls ? secure(socket, host, signal) : socket
}

/** Dials with Node's callback; `cancelled` ends an attempt that is under way. */
export const connect = (
  proxy: OutgoingProxy,
  to: URL,
  cancelled: AbortSignal,
  done: (...result: [error: null, socket: Socket] | [error: Error, socket: null]) => void
): void => {
  dial(proxy, to, cancelled).then(
    (socket) => done(null, socket),
    (error: Error) => done(error, null)
  )
}

/** The same for `http.request`. */
export const forRequest =
  (proxy: OutgoingProxy, to: URL, cancelled: AbortSignal) =>
  (_options: unknown, created: (error: Error | null, socket: Duplex) => void): undefined => {
    connect(proxy, to, cancelled, (error, socket) =>
      // Node's types want a socket beside an error; Node does not look at it.
      created(error, socket ?? new Socket())
    )
  }
