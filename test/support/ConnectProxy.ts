/** An HTTP proxy that connects by CONNECT (RFC 9110, 9.3.6), with a password or without one. */
import { EventEmitter, once } from "node:events"
import { createServer } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { Effect } from "effect"

export interface Options {
  /** `user:password`, decoded. */
  readonly credentials?: string
  /** The port on loopback to which every target leads, as names are the proxy's to resolve. */
  readonly to: number
  /** The answer to every CONNECT: a status line's end and more, or `silence`. */
  readonly answer?: string
}

export interface ConnectProxy {
  readonly port: number
  /** Targets of the tunnels that were opened. */
  readonly opened: Array<string>
  /** Targets of the tunnels that were refused or not answered. */
  readonly refused: Array<string>
  /** Resolves once a client has been kept waiting, or has been answered. */
  readonly asked: () => Promise<void>
  /** Resolves once no connection is open. */
  readonly emptied: () => Promise<void>
}

const start = ({ answer, credentials, to }: Options) =>
  Effect.async<ConnectProxy & { readonly stop: () => void }>((resume) => {
    const [opened, refused]: [Array<string>, Array<string>] = [[], []]
    const sockets = new Set<Socket>()
    const changes = new EventEmitter()
    const until = async (wanted: () => boolean) => {
      while (!wanted()) await once(changes, "change")
    }
    const keep = (socket: Socket) => {
      sockets.add(socket)
      socket.on("error", () => undefined)
      socket.on("close", () => {
        sockets.delete(socket)
        changes.emit("change")
      })
    }
    // A proxy that is asked without CONNECT would see the key.
    const server = createServer((_asked, response) => void response.writeHead(418).end())
    server.on("connection", keep)
    server.on("connect", ({ headers, url = "" }, client: Socket) => {
      const wanted = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`
      const refusal =
        answer ??
        (wanted === undefined || headers["proxy-authorization"] === wanted
          ? undefined
          : `407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n${headers["proxy-authorization"]}`)
      if (refusal !== undefined) {
        refused.push(url)
        changes.emit("change")
        // A socket that is not read does not tell that its client has gone.
        if (refusal === "silence") client.resume().on("end", () => client.destroy())
        else client.end(`HTTP/1.1 ${refusal}\r\n\r\n`)
        return
      }
      opened.push(url)
      changes.emit("change")
      const server = connect(to, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n")
        client.pipe(server).pipe(client)
      })
      keep(server)
      client.on("close", () => server.destroy())
      server.on("close", () => client.destroy())
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo // listening on TCP, so never a pipe's name
      const stop = () => {
        for (const socket of sockets) socket.destroy()
        server.close()
      }
      resume(
        Effect.succeed({
          port,
          opened,
          refused,
          asked: () => until(() => opened.length + refused.length > 0),
          emptied: () => until(() => sockets.size === 0),
          stop
        })
      )
    })
  })

/** Runs until the scope closes. */
export const connectProxy = (options: Options) =>
  Effect.acquireRelease(start(options), ({ stop }) => Effect.sync(stop))
