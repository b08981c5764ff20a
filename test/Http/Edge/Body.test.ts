import { readdirSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Ref, TestClock } from "effect"
import { exchange } from "../../support/RawHttp.ts"
import { house, key, serve } from "../Service.ts"

const created = Effect.gen(function* () {
  const count = yield* Ref.make(0)
  const service = yield* serve(
    house({
      create: () =>
        Effect.zipRight(
          Ref.update(count, (n) => n + 1),
          Effect.never
        )
    })
  )
  return { ...service, count: Ref.get(count) }
})

const head = (...headers: ReadonlyArray<string>) =>
  [
    "POST /instances HTTP/1.1",
    "host: test",
    `apikey: ${key}`,
    "connection: close",
    ...headers,
    "",
    ""
  ].join("\r\n")

describe("a body", () => {
  it.scoped.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=latin1",
    "text/html, application/json"
  ])("of type %s is refused", (type) =>
    Effect.gen(function* () {
      const { call, count } = yield* created
      const files = readdirSync(tmpdir())
      const answer = yield* call("POST", "/instances", {
        body: '--x\r\ncontent-disposition: form-data; name="name"\r\n\r\nshop\r\n--x--\r\n',
        headers: { "content-type": type }
      })
      expect(answer.status).toBe(415)
      expect(answer.json).toEqual({
        _tag: "UnsupportedMediaType",
        message: 'Send JSON, with "content-type: application/json"'
      })
      expect(yield* count).toBe(0)
      const more = readdirSync(tmpdir()).filter((file) => !files.includes(file))
      expect(more.filter((file) => file.startsWith("effect"))).toEqual([])
    })
  )

  it.scoped.each([
    ["that is not UTF-8", Buffer.from('{"name":"é"}', "latin1"), "The body is not UTF-8"],
    ["that is too deep", "[".repeat(300) + "]".repeat(300), "nested deeper than 256 levels"],
    ["that is too deep for any parser", "[".repeat(60_000), "The body is not JSON"]
  ] as const)("%s is refused with the reason", ([, body, reason]) =>
    Effect.gen(function* () {
      const { call } = yield* created
      const answer = yield* call("POST", "/instances", {
        body,
        headers: { "content-type": "application/json" }
      })
      expect(answer.status).toBe(400)
      expect(answer.json).toMatchObject({ _tag: "MalformedRequest" })
      expect(answer.text).toContain(reason)
    })
  )

  it.scoped("that is empty is told apart from a malformed one, whatever its type", () =>
    Effect.gen(function* () {
      const { call } = yield* created
      const answer = yield* call("POST", "/instances", {
        headers: { "content-type": "multipart/form-data; boundary=x" }
      })
      expect(answer.status).toBe(400)
      expect(answer.json).toMatchObject({ _tag: "HttpApiDecodeError" })
    })
  )

  it.scopedLive("that is too large gets a 413 while the caller is still sending", () =>
    Effect.gen(function* () {
      const { port } = yield* created
      const part = " ".repeat(64 * 1024)
      const parts = Array<string>(64).fill(part)
      for (const [headers, body] of [
        [`content-length: ${part.length * parts.length}`, parts],
        ["transfer-encoding: chunked", [...parts.map((one) => `10000\r\n${one}\r\n`), "0\r\n\r\n"]],
        ["content-length: 99999999999", ["and no more"]]
      ] as const) {
        const { answers, isHanging } = yield* Effect.promise(() =>
          exchange(port, { parts: [head(headers), ...body], ending: "wait" }, 10_000)
        )
        expect([isHanging, answers.map(({ status }) => status)], headers).toEqual([false, [413]])
        expect(answers[0]?.headers.connection).toBe("close")
      }
    })
  )

  it.scoped("that does not arrive gets a 408 after 10 seconds", () =>
    Effect.gen(function* () {
      const { port } = yield* created
      const answered = yield* Deferred.make<string>()
      const arrived = yield* Deferred.make<void>()
      const socket = connect(port, "127.0.0.1")
      yield* Effect.addFinalizer(() => Effect.sync(() => socket.destroy()))
      let text = ""
      socket.on("data", (part) => {
        text += part.toString()
        // The server has begun to wait when it says to go on.
        if (text.includes("100 Continue")) Deferred.unsafeDone(arrived, Effect.void)
      })
      socket.on("close", () => Deferred.unsafeDone(answered, Effect.succeed(text)))
      socket.write(head("content-length: 10", "expect: 100-continue"))
      yield* Deferred.await(arrived)
      yield* TestClock.adjust("9999 millis")
      expect(text).not.toContain("408")
      yield* TestClock.adjust("1 millis")
      const answer = yield* Deferred.await(answered)
      expect(answer).toMatch(/HTTP\/1\.1 408 /)
      expect(answer).toContain("The body did not come within 10s")
    })
  )
})
