import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { afterEach, describe, expect, it } from "@effect/vitest"
import { startProxy, type TcpProxy } from "./TcpProxy.ts"

const closing: Array<() => unknown> = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A server that echoes each byte twice, however the bytes are split or joined on their way, behind a proxy. */
const setUp = async () => {
  const served = new Set<Socket>()
  const server = createServer((socket) => {
    served.add(socket)
    socket.on("error", () => undefined)
    socket.on("data", (bytes: Buffer) => {
      const doubled = Buffer.alloc(2 * bytes.length)
      for (const [index, byte] of bytes.entries()) doubled.fill(byte, 2 * index, 2 * index + 2)
      socket.write(doubled)
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  const proxy = await startProxy({ port: address.port })
  closing.push(() => server.close(), proxy.close)
  return { proxy, served }
}

/** A client that records the bytes it receives. */
const dial = (proxy: TcpProxy) => {
  const socket = connect(proxy.port, "127.0.0.1")
  const heard: Array<string> = []
  let bytesHeard = 0
  let ended: string | undefined
  socket.on("data", (bytes) => {
    bytesHeard += bytes.length
    heard.push(bytes.toString())
  })
  socket.on("error", (error: NodeJS.ErrnoException) => {
    ended = error.code
  })
  socket.on("close", () => {
    ended ??= "closed"
  })
  closing.push(() => socket.destroy())
  return {
    socket,
    heard,
    text: () => heard.join(""),
    bytesHeard: () => bytesHeard,
    ended: () => ended
  }
}

const until = async (isSo: () => boolean) => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}
const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

describe("a proxy", () => {
  it("passes bytes both ways, and an end", async () => {
    const { proxy, served } = await setUp()
    const client = dial(proxy)
    client.socket.write("a")
    await until(() => client.text() === "aa")
    client.socket.end()
    await until(() => [...served].every(({ destroyed }) => destroyed))
    await until(() => client.ended() === "closed")
    expect(proxy.counts()).toMatchObject({ connections: 1, open: 0 })
  })

  it("passes large data whole to a client that reads slowly", async () => {
    const { proxy } = await setUp()
    const client = dial(proxy)
    client.socket.pause()
    client.socket.write("x".repeat(5_000_000))
    await sleep(50)
    client.socket.resume()
    await until(() => client.bytesHeard() >= 10_000_000)
    expect(client.text().length).toBe(10_000_000)
  })

  it("delays bytes in both directions and keeps their order", async () => {
    const { proxy } = await setUp()
    const client = dial(proxy)
    proxy.latency(50)
    const began = performance.now()
    client.socket.write("a")
    await sleep(10)
    client.socket.write("b")
    await until(() => client.text() === "aabb")
    expect(performance.now() - began).toBeGreaterThan(99)
  })

  it("gives small pieces, one at a time", async () => {
    const { proxy } = await setUp()
    const client = dial(proxy)
    client.socket.write("1")
    await until(() => client.text() === "11")
    proxy.slice(3, 20)
    const began = performance.now()
    client.socket.write("abcdef")
    await until(() => client.text() === "11aabbccddeeff")
    // Two pieces to the server, four back; the first of each direction passes at once.
    expect(performance.now() - began).toBeGreaterThan(55)
    expect(client.heard.length).toBeGreaterThan(2)
  })

  it("is a black hole to connections old and new, and gives everything back", async () => {
    const { proxy, served } = await setUp()
    const [old, leaving] = [dial(proxy), dial(proxy)]
    for (const { socket } of [old, leaving]) socket.write("a")
    await until(() => old.text() === "aa" && leaving.text() === "aa")
    proxy.blackHole()
    const fresh = dial(proxy)
    old.socket.write("b")
    fresh.socket.write("c")
    leaving.socket.destroy()
    await sleep(50)
    expect([old.text(), fresh.text(), served.size]).toEqual(["aa", "", 2])
    expect([old.ended(), fresh.ended()]).toEqual([undefined, undefined])
    expect([...served].map(({ destroyed }) => destroyed)).toEqual([false, false])
    proxy.pass()
    await until(() => old.text() === "aabb" && fresh.text() === "cc")
    await until(() => [...served].some(({ destroyed }) => destroyed))
  })

  it("resets open connections, and goes on", async () => {
    const { proxy, served } = await setUp()
    const client = dial(proxy)
    client.socket.write("a")
    await until(() => client.text() === "aa")
    proxy.reset()
    await until(() => client.ended() === "ECONNRESET")
    await until(() => [...served].every(({ destroyed }) => destroyed))
    const next = dial(proxy)
    next.socket.write("b")
    await until(() => next.text() === "bb")
  })

  it("passes a reset on, from either side", async () => {
    const { proxy, served } = await setUp()
    const client = dial(proxy)
    client.socket.write("a")
    await until(() => client.text() === "aa")
    for (const socket of served) socket.resetAndDestroy()
    await until(() => client.ended() === "ECONNRESET")
  })

  it("refuses new connections alone, and a server that is away", async () => {
    const { proxy } = await setUp()
    const old = dial(proxy)
    old.socket.write("a")
    await until(() => old.text() === "aa")
    proxy.refuse()
    const refused = dial(proxy)
    await until(() => refused.ended() === "ECONNRESET")
    old.socket.write("b")
    await until(() => old.text() === "aabb")
    proxy.pass()
    const next = dial(proxy)
    next.socket.write("c")
    await until(() => next.text() === "cc")

    const nowhere = await startProxy({ port: 9 })
    closing.push(nowhere.close)
    const client = dial(nowhere)
    client.socket.write("d")
    await until(() => client.ended() === "ECONNRESET")
  })

  it("counts dials, and how many there were at once", async () => {
    const { proxy } = await setUp()
    proxy.latency(30)
    const clients = [dial(proxy), dial(proxy), dial(proxy)]
    for (const { socket } of clients)
      socket.write("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n")
    const other = dial(proxy)
    other.socket.write("GET /socket.io/ HTTP/1.1\r\n")
    await until(() => [...clients, other].every(({ text }) => text() !== ""))
    expect(proxy.counts()).toMatchObject({ connections: 4, dials: 3, maxDialing: 3 })
    expect(proxy.counts()).toMatchObject({ dials: 3, maxDialing: 0 })
  })
})
