import { readFileSync } from "node:fs"
import { createServer, type IncomingMessage, type Server } from "node:http"
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net"
import { join } from "node:path"
import type { Duplex } from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Queue, Schema, TestClock } from "effect"
import type * as Dialling from "../../../src/Evolution/Wire/Dialling.ts"
import * as EngineIo from "../../../src/Evolution/Wire/EngineIo.ts"
import { EvolutionSimulator } from "../../../src/Testing/mod.ts"
import { scriptedServer } from "../../support/ScriptedServer.ts"

/** A real Evolution's answer to a wrong key. */
const refusalIn = (file: string) =>
  Schema.decodeSync(
    Schema.parseJson(Schema.Struct({ status: Schema.Number, body: Schema.String }))
  )(readFileSync(join(import.meta.dirname, "../../fixtures", file), "utf8"))

const dial = (url: URL, headers: Dialling.Options["headers"] = {}) =>
  EngineIo.connect({ url, headers })

const listen = (server: Server | ReturnType<typeof createTcpServer>) =>
  Effect.acquireRelease(
    Effect.async<URL>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo // listening on TCP, so never a pipe's name
        resume(Effect.succeed(new URL(`http://127.0.0.1:${port}/`)))
      })
    }),
    () => Effect.sync(() => server.close())
  )

/** A server that answers every upgrade with these bytes. */
const upgrading = (answer: (request: IncomingMessage, socket: Duplex) => void) =>
  listen(createServer().on("upgrade", answer))

/** A server that answers every upgrade with these lines. */
const answering = (...lines: ReadonlyArray<string>) =>
  upgrading((_, socket) => socket.end(lines.join("\r\n")))

describe("the dial", () => {
  it.scoped("the dial sends the key in a header and nowhere else", () =>
    Effect.gen(function* () {
      const requests = yield* Queue.unbounded<IncomingMessage>()
      const url = yield* upgrading((request, socket) => {
        requests.unsafeOffer(request)
        socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")
      })
      yield* Effect.flip(dial(new URL("evolution/", url), { apikey: "the-key" }))
      const { headers, url: path } = yield* Queue.take(requests)
      expect(headers.apikey).toBe("the-key")
      expect(path).toBe("/evolution/socket.io/?EIO=4&transport=websocket")
    })
  )

  it.scoped.each([
    ["refused-bad-key.ndjson", { apikey: "wrong" }],
    ["refused-no-key.ndjson", {}]
  ] as const)("the dial fails with Evolution's words on %s", ([file, headers]) =>
    Effect.gen(function* () {
      const { status, body } = refusalIn(file)
      const simulator = yield* EvolutionSimulator
      const refused = yield* Effect.flip(dial(new URL(simulator.url), headers))
      const recorded = yield* answering(
        `HTTP/1.1 ${status} Bad Request`,
        "Connection: close",
        `Content-length: ${Buffer.byteLength(body)}`,
        "",
        body
      )
      for (const error of [refused, yield* Effect.flip(dial(recorded, headers))])
        expect(error).toMatchObject({ _tag: "UpgradeRefused", status, body })
    }).pipe(Effect.provide(EvolutionSimulator.layer()))
  )

  it.scoped.each([
    ["a redirect", ["HTTP/1.1 302 Found", "Location: /login", "", ""], 302, ""],
    ["a long page", ["HTTP/1.1 404 Not Found", "", "x".repeat(100_000)], 404, "x".repeat(512)],
    ["a page cut short", ["HTTP/1.1 502 Bad Gateway", "Content-Length: 99", "", "oh"], 502, "oh"]
  ] as const)("the dial fails with the status on %s", ([, lines, status, body]) =>
    Effect.gen(function* () {
      const url = yield* answering(...lines)
      const error = yield* Effect.flip(dial(url))
      expect(error).toMatchObject({ _tag: "UpgradeRefused", status, body })
    })
  )

  it.scoped("the dial's error does not repeat the key that a proxy's page repeats", () =>
    Effect.gen(function* () {
      const page = `${"x".repeat(505)}the-key the-key ${"x".repeat(600)}`
      const url = yield* answering("HTTP/1.1 403 Forbidden", "Connection: close", "", page)
      const error = yield* Effect.flip(dial(url, { apikey: "the-key" }))
      expect(error).toMatchObject({ status: 403, body: `${"x".repeat(505)}[redact` })
      expect(JSON.stringify(error)).not.toContain("the-k")
    })
  )

  it.scoped("the dial fails with the system's error code when no server listens", () =>
    Effect.gen(function* () {
      const url = yield* Effect.scoped(listen(createServer()))
      expect(yield* Effect.flip(dial(url))).toMatchObject({
        _tag: "DialFailed",
        code: "ECONNREFUSED"
      })
    })
  )

  it.scoped.each([
    ["a reset", (socket: Socket) => socket.resetAndDestroy(), "ECONNRESET"],
    ["a goodbye", (socket: Socket) => socket.end(), "ECONNRESET"],
    ["no HTTP", (socket: Socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"), "HPE_INVALID_CONSTANT"]
  ] as const)("the dial fails when the upgrade is answered by %s", ([, answer, code]) =>
    Effect.gen(function* () {
      const url = yield* listen(
        createTcpServer((socket) => socket.once("data", () => answer(socket)))
      )
      expect(yield* Effect.flip(dial(url))).toMatchObject({ _tag: "DialFailed", code })
    })
  )

  it.scoped("the dial fails when the server upgrades to another protocol", () =>
    Effect.gen(function* () {
      const url = yield* answering(
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: nonsense",
        "",
        ""
      )
      expect(yield* Effect.flip(dial(url))).toMatchObject({
        _tag: "DialFailed",
        message: "Cannot reach Evolution: Invalid Sec-WebSocket-Accept header"
      })
    })
  )
})

describe("the handshake", () => {
  it.scoped(
    "the handshake fails 10 seconds after a dial without an answer, and closes the socket",
    () =>
      Effect.gen(function* () {
        const accepted = yield* Deferred.make<void>()
        const closed = yield* Deferred.make<void>()
        const url = yield* listen(
          createTcpServer((socket) => {
            socket
              .on("error", () => undefined)
              .on("close", () => Deferred.unsafeDone(closed, Effect.void))
            socket.once("data", () => Deferred.unsafeDone(accepted, Effect.void))
          })
        )
        const dialling = yield* Effect.fork(Effect.flip(Effect.scoped(dial(url))))
        yield* Deferred.await(accepted)
        yield* TestClock.adjust("9999 millis")
        expect(dialling.unsafePoll()).toBeNull()
        yield* TestClock.adjust("1 millis")
        expect(yield* Fiber.join(dialling)).toMatchObject({
          _tag: "HandshakeTimeout",
          phase: "dial",
          millis: 10_000
        })
        yield* Deferred.await(closed)
      })
  )

  it.scoped("the handshake fails when the open packet does not come within 10 seconds more", () =>
    Effect.gen(function* () {
      const upgraded = yield* Deferred.make<void>()
      const { url } = yield* scriptedServer((socket) => {
        // `ws` answers a ping by itself once it has seen the upgrade.
        socket.once("pong", () => Deferred.unsafeDone(upgraded, Effect.void))
        socket.ping()
      })
      const dialling = yield* Effect.fork(Effect.flip(dial(url)))
      yield* Deferred.await(upgraded)
      yield* TestClock.adjust("9999 millis")
      expect(dialling.unsafePoll()).toBeNull()
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(dialling)).toMatchObject({
        _tag: "HandshakeTimeout",
        phase: "open",
        millis: 10_000
      })
    })
  )

  it.scoped("an interrupted handshake leaves no socket open", () =>
    Effect.gen(function* () {
      const closed = yield* Deferred.make<void>()
      const accepted = yield* Deferred.make<void>()
      const url = yield* listen(
        createTcpServer((socket) => {
          socket
            .on("error", () => undefined)
            .on("close", () => Deferred.unsafeDone(closed, Effect.void))
          socket.once("data", () => Deferred.unsafeDone(accepted, Effect.void))
        })
      )
      const dialling = yield* Effect.fork(Effect.scoped(dial(url)))
      yield* Deferred.await(accepted)
      yield* Fiber.interrupt(dialling)
      yield* Deferred.await(closed)
    })
  )
})
