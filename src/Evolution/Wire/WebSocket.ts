/** One WebSocket, dialled with our headers and closed with its scope. */
import type { IncomingHttpHeaders } from "node:http"
import { Effect, type Scope } from "effect"
import WebSocket from "ws"
import * as CheaperEffect from "../../Concurrency/CheaperEffect.ts"
import * as StopPlan from "../../Concurrency/StopPlan.ts"
import {
  ConnectionLost,
  DialFailed,
  type LinkError,
  ProtocolViolation,
  UpgradeRefused
} from "../../Domain/LinkError.ts"
import type { Options } from "./Dialling.ts"
import * as Tunnel from "./Tunnel.ts"

/** Evolution sets no bound on a frame; `messages.set` runs to tens of MB. */
const maxFrameBytes = 64 * 1024 * 1024

export const open = ({
  headers,
  proxy,
  url
}: Options): Effect.Effect<WebSocket, never, Scope.Scope> =>
  CheaperEffect.acquireRelease(
    Effect.sync(() => {
      const closed = new AbortController()
      return (
        new WebSocket(socketUrl(url), {
          headers,
          perMessageDeflate: false,
          maxPayload: maxFrameBytes,
          ...(proxy && { createConnection: Tunnel.forRequest(proxy, url, closed.signal) })
        })
          .on("close", () => closed.abort())
          // A socket that is cut before its listeners are there must not crash the process by its error.
          .on("error", () => undefined)
      )
    }),
    hangUp
  )

const socketUrl = (base: URL): URL => {
  const url = new URL("socket.io/", base)
  url.protocol = base.protocol === "https:" ? "wss:" : "ws:"
  url.search = "EIO=4&transport=websocket"
  return url
}

/** Closes a socket by the closing handshake, or cuts it: at once if it never opened, else after a time. */
const hangUp = (socket: WebSocket): Effect.Effect<void> =>
  Effect.suspend(() => (socket.readyState === WebSocket.CLOSED ? Effect.void : farewell(socket)))

const farewell = (socket: WebSocket): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    socket.once("close", () => resume(Effect.void))
    if (socket.readyState === WebSocket.CONNECTING) return socket.terminate()
    // A paused socket never sees the peer's close frame.
    socket.removeAllListeners("message")
    if (socket.isPaused) socket.resume()
    socket.close(1000)
  }).pipe(
    Effect.interruptible,
    Effect.timeoutTo({
      duration: StopPlan.share("sockets"),
      onSuccess: () => undefined,
      onTimeout: () => socket.terminate()
    })
  )

/** Subscribes to all of a socket's events but its messages. A proxy's words may repeat our headers: `words` scrubs them. */
export const listen = (
  socket: WebSocket,
  words: (text: string) => string,
  on: {
    readonly opened: () => void
    /** The upgrade got an HTTP answer. The socket is still there. */
    readonly refused: (error: LinkError) => void
    readonly ended: (error: LinkError) => void
  }
): void => {
  let isOpen = false
  socket.on("open", () => {
    isOpen = true
    on.opened()
  })
  socket.on("unexpected-response", (_request, response) => {
    const body: Array<Buffer> = []
    response.on("data", (part: Buffer) => body.length < 16 && body.push(part))
    response.on("close", () => {
      const said = words(Buffer.concat(body).toString("utf8"))
      on.refused(
        UpgradeRefused.of(response.statusCode ?? 0, said, scrubbed(response.headers, words))
      )
    })
  })
  socket.on("error", ({ code: errno, message, name }: NodeJS.ErrnoException) => {
    const [code, said] = [errno ?? name, words(message)]
    if (code.startsWith("WS_ERR_")) on.ended(ProtocolViolation.of(said))
    else on.ended(isOpen ? ConnectionLost.of(1006, said) : DialFailed.of(code, said))
  })
  socket.on("close", (code, reason) =>
    on.ended(ConnectionLost.of(code, words(reason.toString("utf8"))))
  )
}

/** Headers without secrets; `set-cookie` has nothing but secrets. */
const scrubbed = (headers: IncomingHttpHeaders, words: (text: string) => string) =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, words(value)] as const] : []
    )
  )

export const toBuffer = (data: WebSocket.RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)
