import { createHmac } from "node:crypto"
import { describe, expect, it, vi } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Redacted, TestClock } from "effect"
import * as Guard from "../../../src/Delivery/Guard.ts"
import * as Webhook from "../../../src/Delivery/Sink/Webhook.ts"
import { version } from "../../../src/Domain/Version.ts"
import { make as makeSecrets, Secrets } from "../../../src/Telemetry/Secrets.ts"
import { outgoing, textEvent } from "../messages.ts"
import { local, open, secret } from "./open.ts"

const other = `whsec_${Buffer.alloc(24, 9).toString("base64")}`

describe("A webhook", () => {
  it.scoped(
    "sends one POST with the bytes that were signed, and the headers of Standard Webhooks",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(1_795_452_079_999)
        const { calls, send } = yield* open({
          path: "/hook/%C3%A7?a=1&b=%20",
          headers: { "X-Shop": Redacted.make("7"), Authorization: Redacted.make("Bearer abc") },
          signing: [Redacted.make(secret), Redacted.make(other)]
        })
        expect(yield* send(outgoing())).toEqual({ status: 200 })
        const [call] = calls
        if (call === undefined) throw new Error("no call")
        const signatures = [secret, other].map((text) => {
          const key = Buffer.from(text.slice(6), "base64")
          const signed = createHmac("sha256", key).update("evt_0a5f343e_42.1795452079.")
          return `v1,${signed.update(call.body).digest("base64")}`
        })
        expect(call).toMatchObject({ path: "/hook/%C3%A7?a=1&b=%20", method: "POST" })
        expect(call.headers).toEqual({
          host: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
          connection: "keep-alive",
          "content-type": "application/json",
          "content-length": String(call.body.length),
          "user-agent": `evolution-listener/${version}`,
          "x-shop": "7",
          authorization: "Bearer abc",
          "webhook-id": "evt_0a5f343e_42",
          "webhook-timestamp": "1795452079",
          "webhook-signature": signatures.join(" ")
        })
        expect(JSON.parse(call.body.toString())).toMatchObject({
          type: "messages.upsert",
          data: { id: 42, previous: 41, data: { message: { conversation: "Olá 🎂" } } }
        })
      })
  )

  it.scoped("keeps id and body over attempts and replays, and signs each anew", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* open({})
      yield* send(outgoing())
      yield* TestClock.adjust("5 minutes")
      yield* send({ ...outgoing(), attempt: 2, isReplay: true })
      const [first, second] = calls
      expect(second?.body).toEqual(first?.body)
      expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"])
      expect(second?.headers["webhook-signature"]).not.toBe(first?.headers["webhook-signature"])
      expect(calls.map(({ headers }) => headers["webhook-replay"])).toEqual([undefined, "true"])
    })
  )

  it.scoped("lets an endpoint have its own user agent", () =>
    Effect.gen(function* () {
      const headers = { "User-Agent": Redacted.make("axios/1.7.9") }
      const { calls, send } = yield* open({ headers })
      yield* send(outgoing())
      expect(calls[0]?.headers["user-agent"]).toBe("axios/1.7.9")
    })
  )

  it.scoped(
    "puts the event behind the path, and a token in the place of its key, as Evolution does",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(1_795_452_079_000)
        const { calls, send } = yield* open({
          shape: "evolution",
          byEvents: true,
          path: "/hook/?token=9",
          headers: { JWT_Key: Redacted.make("a-key"), authorization: Redacted.make("Basic abc") }
        })
        yield* send(outgoing())
        const [call] = calls
        expect(call?.path).toBe("/hook/messages-upsert?token=9")
        expect(call?.headers).not.toHaveProperty("jwt_key")
        const token = call?.headers.authorization?.replace("Bearer ", "") ?? ""
        const [head = "", claims = "", signature] = token.split(".")
        expect(JSON.parse(Buffer.from(head, "base64url").toString())).toEqual({
          alg: "HS256",
          typ: "JWT"
        })
        expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toEqual({
          iat: 1_795_452_079,
          exp: 1_795_452_679,
          app: "evolution",
          action: "webhook"
        })
        const signed = createHmac("sha256", "a-key").update(`${head}.${claims}`)
        expect(signature).toBe(signed.digest("base64url"))
      })
  )

  it.scoped("uses no proxy of the environment", () =>
    Effect.gen(function* () {
      const names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "NODE_USE_ENV_PROXY"]
      for (const name of names)
        vi.stubEnv(name, name.startsWith("NODE") ? "1" : "http://127.0.0.1:1")
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllEnvs()))
      const { send } = yield* open({})
      expect(yield* send(outgoing())).toEqual({ status: 200 })
    })
  )

  it.scoped("keeps its connections, whatever the receiver answers", () =>
    Effect.gen(function* () {
      let nth = 0
      const { connections, send } = yield* open({
        answer: (response) => {
          nth++
          response.statusCode = nth % 2 === 0 ? 500 : 200
          response.end("x".repeat(nth * 50_000))
        }
      })
      for (let count = 0; count < 10; count++) yield* Effect.either(send(outgoing()))
      // A second one while the rest of an answer is dropped.
      expect(connections()).toBeLessThanOrEqual(2)
    })
  )

  it.scoped("ends its connections with its scope, also one under way", () =>
    Effect.gen(function* () {
      const there = yield* Effect.scoped(
        Effect.gen(function* () {
          const opened = yield* open({ answer: () => undefined })
          yield* Effect.fork(opened.send(outgoing()))
          yield* Effect.yieldNow().pipe(Effect.repeat({ until: () => opened.calls.length === 1 }))
          return opened
        })
      )
      yield* Effect.promise(() => Promise.resolve()).pipe(
        Effect.repeat({ until: () => there.closed() === 1 })
      )
    })
  )

  it.effect("is not sent after its scope has closed", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* Effect.scoped(open({}))
      expect(yield* Effect.flip(send(outgoing()))).toMatchObject({ kind: "ours" })
      expect(calls).toEqual([])
    })
  )

  it.scopedLive("is taken back from the receiver if the delivery is interrupted", () =>
    Effect.gen(function* () {
      const { calls, closed, send } = yield* open({ answer: () => undefined })
      const fiber = yield* Effect.fork(send(outgoing()))
      yield* Effect.sleep("5 millis").pipe(Effect.repeat({ until: () => calls.length === 1 }))
      yield* Fiber.interrupt(fiber)
      yield* Effect.sleep("5 millis").pipe(Effect.repeat({ until: () => closed() === 1 }))
    })
  )

  it.scopedLive("is never sent if the delivery is interrupted before there is a connection", () =>
    Effect.gen(function* () {
      const answers: Array<() => void> = []
      const lookup: Guard.Lookup = (_name, _options, done) => {
        answers.push(() => done(null, [{ address: "127.0.0.1", family: 4 }]))
      }
      const guard = Layer.succeed(Guard.Guard, Guard.make({ allow: ["127.0.0.1"], lookup }))
      const { calls, send } = yield* open({ host: "slow.example" }, guard)
      const first = yield* Effect.fork(send(outgoing()))
      yield* Effect.sleep("1 millis").pipe(Effect.repeat({ until: () => answers.length === 1 }))
      yield* Fiber.interrupt(first)
      const second = yield* Effect.fork(send({ ...outgoing(), id: "evt_0a5f343e_43" }))
      yield* Effect.sleep("1 millis").pipe(Effect.repeat({ until: () => answers.length === 2 }))
      for (const answer of answers) answer()
      expect(yield* Fiber.join(second)).toEqual({ status: 200 })
      expect(calls.map(({ headers }) => headers["webhook-id"])).toEqual(["evt_0a5f343e_43"])
    })
  )

  it.scoped("is not sent without a good secret, which is this service's fault", () =>
    Effect.gen(function* () {
      for (const signing of [[], [Redacted.make("whsec_!!!!")]]) {
        const { calls, send } = yield* open({ signing })
        expect(yield* Effect.flip(send(outgoing()))).toMatchObject({ kind: "ours" })
        expect(calls).toEqual([])
      }
    })
  )

  it.scoped("tells a header that HTTP does not allow as this service's fault", () =>
    Effect.gen(function* () {
      const { send } = yield* open({ headers: { "x-a": Redacted.make("a\r\nb: c") } })
      expect(yield* Effect.flip(send(outgoing()))).toMatchObject({ kind: "ours" })
    })
  )

  it.scoped("scrubs what the receiver said: its headers, its secret, and ours", () =>
    Effect.gen(function* () {
      const secrets = makeSecrets()
      secrets.add([Redacted.make("our-own-api-key-99")])
      const token = "receivers-own-token-77"
      const secret = `whsec_${Buffer.alloc(33, 0xfb).toString("base64")}`
      const { send } = yield* open({
        signing: [Redacted.make(secret)],
        headers: { "x-token": Redacted.make(token) },
        answer: (response) => {
          response.statusCode = 500
          response.end(
            `${token} ${secret} ${secret.slice(6)} our-own-api-key-99 ${"é\0".repeat(9000)}`
          )
        }
      }).pipe(Effect.provideService(Secrets, secrets))
      const { excerpt = "", message } = yield* Effect.flip(send(outgoing(textEvent)))
      expect(excerpt).toMatch(/^\[redacted\] \[redacted\] \[redacted\] \[redacted\] é\uFFFD/)
      expect(excerpt.length).toBe(1000)
      expect(message).toBe("The receiver answered 500")
    })
  )

  it.scoped("opens no connection before its first message", () =>
    Effect.gen(function* () {
      const { connections } = yield* open({})
      yield* Effect.yieldNow()
      expect(connections()).toBe(0)
      const sink = yield* Webhook.make({
        url: "http://127.0.0.1:1/",
        signing: [Redacted.make(secret)],
        timeout: Duration.toSeconds("5 seconds"),
        shape: "thin"
      }).pipe(Effect.provideService(Guard.Guard, local))
      expect(yield* Effect.flip(sink.send(outgoing()))).toMatchObject({
        kind: "unreachable",
        message: "Cannot reach the receiver: nothing listens at its port",
        address: "127.0.0.1"
      })
    })
  )
})
