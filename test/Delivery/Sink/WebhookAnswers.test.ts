import { readFileSync } from "node:fs"
import type { Server } from "node:net"
import { createServer as createTcp } from "node:net"
import { createServer as createTls } from "node:tls"
import { describe, expect, it, vi } from "@effect/vitest"
import { Duration, Effect, Layer, TestClock } from "effect"
import * as Guard from "../../../src/Delivery/Guard.ts"
import { certificates } from "../../support/PrivateAuthority.ts"
import { outgoing } from "../messages.ts"
import { open, refusalOf } from "./open.ts"

const failureOf = (status: number, headers: Readonly<Record<string, string>> = {}, body = "") =>
  Effect.scoped(
    Effect.flatMap(
      open({ answer: (response) => response.writeHead(status, headers).end(body) }),
      ({ send }) => Effect.flip(send(outgoing()))
    )
  )

const listening = (server: Server) =>
  Effect.acquireRelease(
    Effect.async<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    }),
    () => Effect.sync(() => server.close())
  )

/** Answers each connection with these bytes, and closes it or not. */
const raw = (text: string, isClosed: boolean) =>
  listening(
    createTcp((socket) => {
      socket.on("error", () => undefined)
      socket.once("data", () => (isClosed ? socket.end(text) : socket.write(text)))
    })
  )

const guarding = (options: Partial<Guard.Options> = {}) =>
  Layer.succeed(Guard.Guard, Guard.make({ allow: ["127.0.0.0/8"], ...options }))

describe("An answer", () => {
  it.effect("of 2xx is a success, and no other is", () =>
    Effect.gen(function* () {
      for (const status of [200, 201, 202, 204, 299]) {
        const delivered = Effect.flatMap(
          open({ answer: (response) => response.writeHead(status).end() }),
          ({ send }) => send(outgoing())
        )
        expect(yield* Effect.scoped(delivered)).toEqual({ status })
      }
      const kinds = [
        [300, "answered"],
        [301, "answered"],
        [304, "answered"],
        [400, "answered"],
        [401, "answered"],
        [404, "answered"],
        [408, "answered"],
        [410, "gone"],
        [422, "answered"],
        [429, "busy"],
        [500, "answered"],
        [501, "answered"],
        [502, "unreachable"],
        [503, "busy"],
        [504, "unreachable"]
      ] as const
      for (const [status, kind] of kinds)
        expect(yield* failureOf(status), String(status)).toMatchObject({
          kind,
          status,
          address: "127.0.0.1"
        })
    })
  )

  it.scoped("that redirects is not followed", () =>
    Effect.gen(function* () {
      const inner = yield* open({})
      const location = `http://127.0.0.1:${inner.port}/`
      for (const status of [301, 302, 303, 307, 308]) {
        const failure = yield* failureOf(status, { location })
        expect(failure).toMatchObject({ kind: "answered", status })
        expect(failure.message).toContain("Redirects are not followed")
      }
      expect(inner.calls).toEqual([])
    })
  )

  it.effect("says how long to wait, in seconds or by a date, up to an hour", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 10, 23, 16, 0, 0))
      const waits = [
        ["120", "2 minutes"],
        ["86400", "1 hour"],
        ["99999999999", "1 hour"],
        ["Mon, 23 Nov 2026 16:00:30 GMT", "30 seconds"],
        ["Tue, 24 Nov 2026 16:00:30 GMT", "1 hour"]
      ] as const
      for (const status of [429, 503])
        for (const [text, wait] of waits) {
          const { retryAfter } = yield* failureOf(status, { "retry-after": text })
          expect(retryAfter, text).toEqual(Duration.decode(wait))
        }
      for (const text of [
        "0",
        "-1",
        "1.5",
        "soon",
        "",
        "Mon, 23 Nov 2026 15:59:59 GMT",
        "2027-01-01"
      ])
        expect((yield* failureOf(429, { "retry-after": text })).retryAfter, text).toBeUndefined()
      expect((yield* failureOf(500, { "retry-after": "120" })).retryAfter).toBeUndefined()
    })
  )

  it.effect("is told by its beginning, and has none where nothing was said", () =>
    Effect.gen(function* () {
      const said = yield* failureOf(400, {}, '{"error":"no such flow"}')
      expect(said.excerpt).toBe('{"error":"no such flow"}')
      expect((yield* failureOf(400)).excerpt).toBeUndefined()
    })
  )

  it.scopedLive("that never ends counts by its status, and is read no further than its bound", () =>
    Effect.gen(function* () {
      const endless = (status: number) =>
        open({
          timeout: 5,
          answer: (response) => {
            response.writeHead(status)
            const more = () => {
              while (!response.destroyed && response.write("x".repeat(10_000)));
            }
            response.on("drain", more)
            more()
          }
        })
      const good = yield* endless(200)
      expect(yield* good.send(outgoing())).toEqual({ status: 200 })
      const bad = yield* endless(500)
      expect((yield* Effect.flip(bad.send(outgoing()))).excerpt).toBe("x".repeat(1000))
      yield* Effect.sleep("5 millis").pipe(
        Effect.repeat({ until: () => good.closed() === 1 && bad.closed() === 1 })
      )
    })
  )

  it.scoped("is done with when enough of it was read", () =>
    Effect.gen(function* () {
      const { send } = yield* open({
        timeout: 3600,
        answer: (response) => {
          response.writeHead(500).write("x".repeat(20_000))
        }
      })
      expect((yield* Effect.flip(send(outgoing()))).excerpt).toBe("x".repeat(1000))
    })
  )

  it.scopedLive("that stops after its status counts by that when the time is over", () =>
    Effect.gen(function* () {
      const stalled = (status: number) =>
        open({
          timeout: 0.5,
          answer: (response) => {
            response.writeHead(status).write("half of ")
          }
        })
      expect(yield* (yield* stalled(200)).send(outgoing())).toEqual({ status: 200 })
      expect(yield* Effect.flip((yield* stalled(404)).send(outgoing()))).toMatchObject({
        kind: "answered",
        excerpt: "half of "
      })
    })
  )

  it.scopedLive("that comes late is none, and its connection is given up", () =>
    Effect.gen(function* () {
      const { calls, closed, send } = yield* open({ timeout: 0.05, answer: () => undefined })
      expect(yield* Effect.flip(send(outgoing()))).toMatchObject({
        kind: "unreachable",
        message: "The receiver gave no answer within 0.05 s"
      })
      expect(calls).toHaveLength(1)
      yield* Effect.sleep("5 millis").pipe(Effect.repeat({ until: () => closed() === 1 }))
    })
  )

  it.scoped("that is no HTTP, or none at all, is a failure of the connection", () =>
    Effect.gen(function* () {
      const table = [
        ["", true, "it closed the connection"],
        ["HTTP/1.1 103 Early Hints\r\n\r\n", true, "it closed the connection"],
        ["SSH-2.0-OpenSSH_9.2\r\n", true, "its answer is no HTTP"],
        [`HTTP/1.1 200 OK\r\nx: ${"y".repeat(40_000)}\r\n\r\n`, false, "its answer is no HTTP"]
      ] as const
      for (const [text, isClosed, why] of table) {
        const port = yield* raw(text, isClosed)
        const failure = yield* refusalOf({ url: `http://127.0.0.1:${port}/`, timeout: 5 }).pipe(
          Effect.provide(guarding())
        )
        expect(failure).toMatchObject({
          kind: "unreachable",
          message: `Cannot reach the receiver: ${why}`
        })
      }
    })
  )

  it.scoped("counts although 1xx came before it", () =>
    Effect.gen(function* () {
      const hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
      const port = yield* raw(`${hints}HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n`, false)
      const failure = yield* refusalOf({ url: `http://127.0.0.1:${port}/` }).pipe(
        Effect.provide(guarding())
      )
      expect(failure).toMatchObject({ kind: "gone", status: 410 })
    })
  )
})

describe("A certificate", () => {
  it.scoped("has to be trusted, and for the host, whatever Node's own variable says", () =>
    Effect.gen(function* () {
      const { authority, cert, key } = yield* certificates
      const port = yield* listening(
        createTls({ cert, key }, (socket) => {
          socket.on("error", () => undefined)
          socket.once("data", () => socket.end("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"))
        }).on("tlsClientError", () => undefined)
      )
      const lookup: Guard.Lookup = (_name, _options, done) =>
        done(null, [{ address: "127.0.0.1", family: 4 }])
      const kindOf = (host: string, ca?: Buffer) =>
        refusalOf({ url: `https://${host}:${port}/` }).pipe(
          Effect.provide(guarding({ lookup, ...(ca && { ca }) }))
        )
      // Node warns of it, whoever reads it.
      const warned = vi.spyOn(process, "emitWarning").mockReturnValue()
      vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0")
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          vi.unstubAllEnvs()
          warned.mockRestore()
        })
      )
      const untrusted = yield* kindOf("localhost")
      expect(untrusted.kind).toBe("unreachable")
      expect(untrusted.message).toMatch(/its certificate is not trusted \([A-Z_]+\)$/)
      const trusted = readFileSync(authority)
      expect((yield* kindOf("localhost", trusted)).kind).toBe("gone")
      expect(yield* kindOf("other.example", trusted)).toMatchObject({
        kind: "unreachable",
        message: "Cannot reach the receiver: its certificate is for another name"
      })
    })
  )

  it.scoped("is asked for: a receiver without TLS is not reached by https", () =>
    Effect.gen(function* () {
      const { port } = yield* open({})
      const failure = yield* refusalOf({ url: `https://127.0.0.1:${port}/` }).pipe(
        Effect.provide(guarding())
      )
      expect(failure).toMatchObject({
        kind: "unreachable",
        message: "Cannot reach the receiver: it does not speak TLS as this service does"
      })
    })
  )
})
