/**
 * A cheap simulated Evolution: the official engine shakes hands and keeps the connections alive; the
 * messages are frames encoded beforehand, written to its raw sockets.
 */
import { createServer, type Server as HttpServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { Server } from "socket.io"
import { settingsNames } from "../../../src/Domain/EventName.ts"
import { type FeedOptions, type Lane, makeFeed, nameOf } from "./Evolution/Feed.ts"
import { answer, subscribe } from "./Evolution/Rest.ts"
import { serve } from "./serve.ts"

export interface Facts {
  /** WebSockets asked for since the last `facts`. */
  readonly dials: number
  /** The most dials that were under way at once. */
  readonly dialsAtOnce: number
  /** REST calls since the last `facts`. */
  readonly calls: number
  /** ms since the last REST call. */
  readonly quietFor: number
}

export type Evolution = Awaited<ReturnType<typeof make>>

/** In ms. */
const patience = 600_000

subscribe(settingsNames)
const feed = makeFeed()

const make = async () => {
  let address: AddressInfo = { address: "127.0.0.1", family: "IPv4", port: 0 }
  let http: HttpServer
  let io: Server
  /** Raw sockets by the namespace that was joined last. */
  let joined = new Map<string, Socket>()
  let sockets = new Set<Socket>()
  let [dials, underWay, dialsAtOnce, calls, lastCall] = [0, 0, 0, 0, performance.now()]

  const listen = async (): Promise<void> => {
    joined = new Map()
    sockets = new Set()
    http = createServer((request, response) => {
      calls++
      lastCall = performance.now()
      answer(request, response)
    })
    // A contender that stands still until its turn must not be taken for dead.
    io = new Server(http, { serveClient: false, connectTimeout: patience, pingTimeout: patience })
    http.on("connection", (socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
    })
    http.prependListener("upgrade", (_request, socket) => {
      dials++
      dialsAtOnce = Math.max(dialsAtOnce, ++underWay)
      let isUnderWay = true
      const through = () => {
        if (isUnderWay) underWay--
        isUnderWay = false
      }
      socket.once("close", through)
      socket.once("joined", through)
    })
    for (const place of [io.of("/"), io.of(/^\/shop-\d+$/)])
      place.on("connection", (socket) => {
        const raw = rawSocketOf(socket.conn)
        raw.emit("joined")
        const name = socket.nsp.name
        joined.set(name, raw)
        socket.on("disconnect", () => joined.get(name) === raw && joined.delete(name))
      })
    await new Promise<void>((resolve) => http.listen(address.port, "127.0.0.1", 4096, resolve))
    address = http.address() as AddressInfo // listening on TCP, so never a pipe's name
  }

  const lanes = (count: number): ReadonlyArray<Lane> => {
    const indices = Array.from({ length: count }, (_, index) => index)
    const shared = joined.get("/")
    return shared !== undefined
      ? [{ socket: shared, namespace: "/", indices }]
      : indices.flatMap((index) => {
          const namespace = `/${nameOf(index)}`
          const socket = joined.get(namespace)
          return socket === undefined ? [] : [{ socket, namespace, indices: [index] }]
        })
  }

  await listen()
  return {
    url: () => `http://127.0.0.1:${address.port}`,
    /** Begins to send; gives the number of connections. */
    begin: (options: FeedOptions): number => {
      const found = lanes(options.instances)
      feed.begin(found, options)
      return found.length
    },
    allow: feed.allow,
    stop: feed.stop,
    sent: feed.sent,
    /** Number of namespaces with a client. */
    joined: () => joined.size,
    facts: (): Facts => {
      const facts = {
        dials,
        dialsAtOnce,
        calls,
        quietFor: performance.now() - lastCall
      }
      ;[dials, dialsAtOnce, calls] = [0, underWay, 0]
      return facts
    },
    /** Cuts every connection, and is unreachable for that many ms. */
    leave: async (millis: number): Promise<void> => {
      for (const socket of sockets) socket.resetAndDestroy()
      await io.close()
      await new Promise((resolve) => setTimeout(resolve, millis))
      await listen()
    }
  }
}

/** The TCP socket below an engine's connection, which has no public name. */
const rawSocketOf = (engine: object): Socket => {
  const transport: object = Reflect.get(engine, "transport")
  const webSocket: object = Reflect.get(transport, "socket")
  return Reflect.get(webSocket, "_socket")
}

serve(await make())
