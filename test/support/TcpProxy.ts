/**
 * A TCP proxy on loopback with the failures of a network. It dials the server when the first bytes of a
 * client arrive, so it fits protocols in which the client speaks first, as HTTP.
 */
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { type Manner, makePump, type Pump } from "./TcpProxy/Pump.ts"

export interface TcpProxy {
  readonly port: number
  /** Passes all bytes, also those that were held back. */
  readonly pass: () => void
  /** Delays every byte. */
  readonly latency: (millis: number) => void
  /** Passes bytes in small pieces. */
  readonly slice: (bytes: number, everyMillis: number) => void
  /** Keeps and accepts connections, and passes nothing, not even an end. */
  readonly blackHole: () => void
  /** Resets all open connections, once. */
  readonly reset: () => void
  /** Resets every new connection, until `pass`. */
  readonly refuse: () => void
  readonly counts: () => Counts
  readonly close: () => Promise<void>
}

export interface Counts {
  /** Connections accepted so far. */
  readonly connections: number
  readonly open: number
  /** Connections that asked for a WebSocket of Socket.IO. */
  readonly dials: number
  /** The most dials that waited for the server's first byte at once, since the last call. */
  readonly maxDialing: number
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
  readonly pumps: ReadonlyArray<Pump>
}

const isDial = (bytes: Buffer): boolean =>
  /^GET \/socket\.io\/\?\S*transport=websocket/.test(bytes.toString("latin1", 0, 200))

interface Place {
  readonly host?: string
  readonly port: number
}

/** `at`: where it listens; by default at a free port of 127.0.0.1. */
export const startProxy = async (target: Place, at: Place = { port: 0 }): Promise<TcpProxy> => {
  const clients = new Set<Socket>()
  const pairs = new Set<Pair>()
  const waiting = new Set<() => void>()
  let manner: Manner = { _tag: "Pass" }
  let isRefusing = false
  let [connections, dials, dialing, maxDialing] = [0, 0, 0, 0]

  const behave = (next: Manner): void => {
    manner = next
    isRefusing = false
    for (const { pumps } of pairs) for (const pump of pumps) pump.behave(next)
    if (next._tag !== "Hold") for (const go of [...waiting]) go()
  }

  /** Joins the two directions of a connection, each with the current manner. */
  const join = (client: Socket, first: Buffer): void => {
    const server = connect({ host: "127.0.0.1", ...target, allowHalfOpen: true })
    server.setNoDelay(true)
    if (isDial(first)) {
      dials++
      maxDialing = Math.max(maxDialing, ++dialing)
      let isDialing = true
      const over = () => {
        if (isDialing) dialing--
        isDialing = false
      }
      server.once("data", over).once("close", over)
    }
    const pair = {
      client,
      server,
      pumps: [makePump(client, server, manner), makePump(server, client, manner)]
    }
    pairs.add(pair)
    client.once("close", () => pairs.delete(pair))
    client.unshift(first)
  }

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    connections++
    client.on("error", () => undefined) // "close" tells of it, too
    if (isRefusing) return void client.resetAndDestroy()
    clients.add(client)
    client.once("close", () => clients.delete(client))
    client.once("data", (first: Buffer) => {
      client.pause()
      const go = () => {
        waiting.delete(go)
        if (!client.destroyed) join(client, first)
      }
      if (manner._tag === "Hold") waiting.add(go)
      else go()
    })
  })
  listener.listen(at.port, at.host ?? "127.0.0.1")
  await once(listener, "listening")
  const address = listener.address()
  if (address === null || typeof address === "string") throw new Error("no port")

  const reset = (): void => {
    for (const { server } of pairs) server.resetAndDestroy()
    for (const client of clients) client.resetAndDestroy()
  }

  return {
    port: address.port,
    pass: () => behave({ _tag: "Pass" }),
    latency: (millis) => behave({ _tag: "Delay", millis }),
    slice: (bytes, everyMillis) => behave({ _tag: "Slice", bytes, everyMillis }),
    blackHole: () => behave({ _tag: "Hold" }),
    reset,
    refuse: () => {
      isRefusing = true
    },
    counts: () => {
      const counts = { connections, open: clients.size, dials, maxDialing }
      maxDialing = dialing
      return counts
    },
    close: async () => {
      const closed = once(listener, "close")
      listener.close()
      reset()
      await closed
    }
  }
}
