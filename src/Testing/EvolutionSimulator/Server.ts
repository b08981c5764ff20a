/** The HTTP server with Evolution's Socket.IO on it, which can be stopped and started on the same port. */
import { createServer, type Server as HttpServer, type RequestListener } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { Server as SocketServer } from "socket.io"
import type { Garbage } from "./Faults.ts"
import { allowRequest, guard, shut } from "./Gate.ts"
import type { State } from "./State.ts"
import { fallSilent, garble } from "./Transport.ts"

export interface SimulatorServer {
  readonly url: () => string
  /** Emits on `/`. */
  readonly emit: (event: string, ...args: ReadonlyArray<unknown>) => void
  /** Emits on the instance's namespace, which thereby comes to be. */
  readonly emitTo: (instance: string, event: string, envelope: object) => void
  readonly drop: () => void
  readonly fallSilent: () => void
  readonly garble: (garbage: Garbage) => void
  readonly connections: () => number
  readonly isListening: () => boolean
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
}

export const makeServer = (state: State, answer: RequestListener): SimulatorServer => {
  const { host, pingInterval, pingTimeout, webSocket } = state.settings
  let { port } = state.settings
  let http: HttpServer = createServer()
  let io = new SocketServer()
  const sockets = new Set<Socket>()

  const start = async (): Promise<void> => {
    http = createServer(answer)
    io = new SocketServer(webSocket ? http : undefined, {
      serveClient: false,
      pingInterval,
      pingTimeout,
      allowRequest: allowRequest(state)
    })
    if (webSocket) guard(state, http)
    else shut(state, http)
    http.on("connection", (socket: Socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
    })
    await new Promise<void>((resolve, reject) => {
      http.once("error", reject)
      http.listen(port, host, () => {
        http.off("error", reject)
        resolve()
      })
    })
    // Listening on TCP, so never a pipe's name.
    port = (http.address() as AddressInfo).port
  }

  const drop = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }

  return {
    url: () => `http://${addressOf(host)}:${port}`,
    emit: (event, ...args) => io.emit(event, ...args),
    emitTo: (instance, event, envelope) => io.of(`/${instance}`).emit(event, envelope),
    drop,
    fallSilent: () => fallSilent(io),
    garble: (garbage) => garble(io, garbage),
    connections: () => [...io._nsps.values()].reduce((sum, { sockets }) => sum + sockets.size, 0),
    isListening: () => http.listening,
    start,
    stop: async () => {
      if (!http.listening) return
      drop()
      if (webSocket) await io.close()
      else http.close()
    }
  }
}

/** An address that a client of this machine can call. */
const addressOf = (host: string): string => {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1"
  return host.includes(":") ? `[${host}]` : host
}
