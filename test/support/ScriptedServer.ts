/** A WebSocket server that a test scripts, for behaviour that the official one never shows. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"
import { type WebSocket, WebSocketServer } from "ws"

/** The open packet of Evolution's server. */
export const openPacket =
  '0{"sid":"scripted","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'

/** Runs until the scope closes; `script` is called with each socket that is opened. */
export const scriptedServer = (script: (socket: WebSocket) => void) =>
  Effect.acquireRelease(
    Effect.async<{
      readonly url: URL
      readonly sockets: Set<WebSocket>
      readonly close: () => void
    }>((resume) => {
      const http = createServer()
      const server = new WebSocketServer({ server: http })
      server.on("connection", script)
      http.listen(0, "127.0.0.1", () => {
        const { port } = http.address() as AddressInfo // listening on TCP, so never a pipe's name
        resume(
          Effect.succeed({
            url: new URL(`http://127.0.0.1:${port}/`),
            sockets: server.clients,
            close: () => {
              for (const socket of server.clients) socket.terminate()
              http.closeAllConnections()
              http.close()
            }
          })
        )
      })
    }),
    ({ close }) => Effect.sync(close)
  )
