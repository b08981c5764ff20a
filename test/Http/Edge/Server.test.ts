import { connect } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { exchange } from "../../support/RawHttp.ts"
import { house, key, serve } from "../Service.ts"

const say = (port: number, text: string) =>
  Effect.promise(() => exchange(port, { parts: [text], ending: "wait" }, 3000))

describe("a message that is no request", () => {
  it.scopedLive.each<readonly [string, string, number, string]>([
    ["nonsense", "nonsense\r\n\r\n", 400, "MalformedRequest"],
    [
      "endless headers",
      `GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`,
      431,
      "HeadersTooLarge"
    ],
    ["a tunnel", "CONNECT evil.example:443 HTTP/1.1\r\nhost: x\r\n\r\n", 404, "RouteNotFound"],
    [
      "a wish that nobody can fulfil",
      "GET /health/live HTTP/1.1\r\nhost: x\r\nexpect: tea\r\n\r\n",
      417,
      "MalformedRequest"
    ]
  ])("gets a refusal in typed JSON: %s", ([, text, status, _tag]) =>
    Effect.gen(function* () {
      const { port } = yield* serve(house())
      const { answers, isHanging } = yield* say(port, text)
      expect([isHanging, answers.length]).toEqual([false, 1])
      expect(answers[0]).toMatchObject({
        status,
        headers: {
          "content-type": "application/json",
          "x-content-type-options": "nosniff",
          "cache-control": "no-store",
          connection: "close"
        }
      })
      expect(JSON.parse(answers[0]?.body ?? "")).toMatchObject({
        _tag,
        message: expect.stringMatching(/^[A-Z].*[^.]$/)
      })
    })
  )

  it.scopedLive("does not keep the answers before it from their callers", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(house({ all: Effect.succeed([]) }))
      const sound = `GET /instances HTTP/1.1\r\nhost: x\r\napikey: ${key}\r\n\r\n`
      const first = yield* say(
        port,
        `${sound}GET /instances HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`
      )
      expect(first.answers.map(({ status }) => status)).toEqual([200, 401])
    })
  )

  it.scopedLive("does not get its refusal into the middle of an answer", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(house())
      const heard = yield* Effect.async<string>((resume) => {
        const socket = connect(port, "127.0.0.1")
        let text = ""
        socket.on("data", (part) => {
          const isFirst = text === ""
          text += part.toString()
          if (isFirst) socket.write("nonsense\r\n\r\n")
        })
        socket.on("error", () => socket.destroy()) // it is cut
        socket.on("close", () => resume(Effect.succeed(text)))
        socket.write(`GET /events/stream HTTP/1.1\r\nhost: x\r\napikey: ${key}\r\n\r\n`)
      })
      expect(heard).toMatch(/^HTTP\/1\.1 200 /)
      expect(heard.split("HTTP/1.1").length).toBe(2)
    })
  )
})

describe("a request that asks for another protocol", () => {
  it.scopedLive("gets an ordinary answer, with or without a body", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(house({ all: Effect.succeed([]) }))
      const common = `host: x\r\napikey: ${key}\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n`
      const get = yield* say(port, `GET /instances HTTP/1.1\r\n${common}\r\n`)
      expect(get.answers.map(({ body, status }) => [status, body])).toEqual([[200, "[]"]])
      const post = yield* say(
        port,
        `POST /instances HTTP/1.1\r\n${common}content-type: application/json\r\ncontent-length: 2\r\n\r\n[]`
      )
      expect(post.answers.map(({ status }) => status)).toEqual([400])
    })
  )
})
