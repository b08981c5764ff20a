import type { RequestListener } from "node:http"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { credentials } from "../../../src/Http/Peers/Hop.ts"
import { open } from "../EventStreamReader.ts"
import { key } from "../Service.ts"
import { haunt } from "./Ghost.ts"
import { replica, shop, testDatabaseUrl, until, world } from "./House.ts"

/** One server, an owner of it, and another replica. */
const pair = Effect.gen(function* () {
  const { give, shared, simulators, sql } = yield* world()
  const owner = yield* replica(shared, { TRUST_PROXY: "203.0.113.1" })
  const made = yield* owner.call("POST", "/keys", { body: { name: "ana", scope: "operate" } })
  const other = yield* replica(shared)
  yield* give("default", owner)
  const simulator = simulators.default
  if (simulator === undefined) return yield* Effect.dieMessage("There is no Evolution")
  const asAna = { headers: { apikey: String(made.json.key) } }
  return { asAna, give, other, owner, simulator, sql }
})

/** One server, whose owner answers as a test likes, and a replica. */
const haunted = (listener?: RequestListener) =>
  Effect.gen(function* () {
    const { shared, sql } = yield* world()
    const other = yield* replica(shared)
    yield* until(other.call("GET", "/instances"), ({ status }) => status === 200)
    const ghost = yield* haunt(sql, "default", listener)
    yield* until(
      Effect.sync(() => other.owns("default")),
      (isOwner) => !isOwner
    )
    return { ghost, other, sql }
  })

const audit = ({ call }: { readonly call: Effect.Effect.Success<typeof pair>["other"]["call"] }) =>
  Effect.map(call("GET", "/audit"), ({ json }): ReadonlyArray<object> => json.rows)

const words = 'No replica owns the server "default" at the moment: try again in 2 s'

describe.skipIf(testDatabaseUrl === "")(
  "a replica without the server",
  { timeout: 120_000 },
  () => {
    it.scopedLive("has commands done by the owner, and audited once, in the caller's name", () =>
      Effect.gen(function* () {
        const { asAna, other, owner, simulator } = yield* pair
        const created = yield* other.call("POST", "/instances", {
          ...asAna,
          body: { name: "made-there" }
        })
        expect([created.status, created.json.name]).toEqual([201, "made-there"])
        expect(simulator.instance("made-there").name).toBe("made-there")
        for (const [command, state] of [
          ["stop", "Stopped"],
          ["start", "Listening"],
          ["restart", "Listening"]
        ] as const) {
          const { status } = yield* other.call("POST", `/instances/made-there/${command}`, asAna)
          expect(status).toBe(202)
          yield* until(
            owner.call("GET", "/instances/made-there/status"),
            ({ json }) => json.listener.state._tag === state
          )
        }
        const qr = yield* other.call("GET", "/instances/made-there/qrcode?wait=20", asAna)
        expect([qr.status, typeof qr.json.code]).toEqual([200, "string"])
        const picture = yield* other.call("GET", "/instances/made-there/qrcode?format=png", asAna)
        expect([picture.status, picture.headers["content-type"]]).toEqual([200, "image/png"])
        const missing = yield* other.call("POST", "/instances/nobody/start", asAna)
        expect([missing.status, missing.json._tag]).toEqual([404, "InstanceNotFound"])
        const removed = yield* other.call("DELETE", "/instances/made-there?purge=true", asAna)
        expect([removed.status, removed.text]).toEqual([204, ""])

        const rows = yield* audit(other)
        expect(rows).toEqual(yield* audit(owner))
        expect(
          rows.map((row) => {
            const { action, instance, keyName, outcome, server }: Record<string, unknown> = {
              ...row
            }
            return [keyName, action, instance, server, outcome].join(" ")
          })
        ).toEqual([
          "ana purge made-there default done",
          "ana start nobody default InstanceNotFound",
          "ana restart made-there default done",
          "ana start made-there default done",
          "ana stop made-there default done",
          "ana create made-there default done",
          "API_KEY make_key   done"
        ])
      })
    )

    it.scopedLive(
      "streams the page of a pairing link, as long as its reader and its owner stay",
      () =>
        Effect.gen(function* () {
          const { other, owner, simulator } = yield* pair
          yield* other.call("POST", "/instances", { body: { name: "loja" } })
          const link = yield* other.call("POST", "/instances/loja/pairing-links", { body: {} })
          expect(link.json.url).toContain(`${other.url}/pair#`)
          const authorization = `Bearer ${new URL(link.json.url).hash.slice(1)}`
          const reader = yield* open(other.url, "/pairing/stream", { apikey: "", authorization })
          yield* reader.takeUntil(({ data }) => JSON.stringify(data ?? "").includes('"scan"'))
          simulator.scan("loja", "5511900000001")
          yield* reader.takeUntil(({ data }) => JSON.stringify(data ?? "").includes('"connected"'))

          const readers = Effect.map(
            owner.call("GET", "/metrics"),
            ({ text }) => /sse_readers\{stream="pairing"\} (\d+)/.exec(text)?.[1]
          )
          // Both replicas are in this process, which counts one reader.
          expect(yield* readers).toBe("1")
          yield* reader.cut
          yield* until(readers, (count) => count === "0")

          const last = yield* open(other.url, "/pairing/stream", { apikey: "", authorization })
          yield* last.takeUntil(({ event }) => event === "pairing")
          yield* Effect.fork(owner.stop)
          const [bye] = (yield* last.takeUntil(({ event }) => event === "bye")).slice(-1)
          expect(bye?.data).toMatchObject({ reason: "stopping" })
          // And then it is the owner.
          const next = yield* until(
            other.call("GET", "/instances/loja/status"),
            ({ status }) => status === 200
          )
          expect(next.json.name).toBe("loja")
        })
    )

    it.scopedLive("goes on with a long poll at the new owner, and ends it at the old one", () =>
      Effect.gen(function* () {
        const { give, other, owner, simulator } = yield* pair
        yield* other.call("POST", "/instances", { body: { name: "loja" } })
        const first = yield* other.call("GET", "/instances/loja/qrcode?wait=20")
        // They are there long before a replica looks whether it was given a server.
        const polls = yield* Effect.fork(
          Effect.all(
            [owner, other].map(({ call }) =>
              call("GET", `/instances/loja/qrcode?wait=60&after=${first.json.sequence}`)
            ),
            { concurrency: "unbounded" }
          )
        )
        yield* give("default", other)
        yield* Effect.promise(() => simulator.showQr("loja"))
        const [old, now] = yield* Fiber.join(polls)
        expect([old?.status, old?.json._tag, old?.headers["retry-after"]]).toEqual([
          503,
          "ServerUnowned",
          "2"
        ])
        expect([now?.status, now?.json.sequence > first.json.sequence]).toEqual([200, true])
      })
    )

    it.scopedLive("answers 503 and says when to try again while nobody owns the server", () =>
      Effect.gen(function* () {
        const { other } = yield* haunted()
        for (const [method, path] of [
          ["GET", `/instances/${shop}/status`],
          ["GET", "/instances"],
          ["GET", "/summary"],
          ["POST", `/instances/${shop}/restart`]
        ] as const) {
          const { headers, json, status } = yield* other.call(method, path)
          expect([status, json, headers["retry-after"]]).toEqual([
            503,
            { _tag: "ServerUnowned", message: words },
            "2"
          ])
        }
        expect(yield* audit(other)).toMatchObject([{ action: "restart", outcome: "ServerUnowned" }])
        expect((yield* other.call("GET", "/events")).status).toBe(200)
        expect((yield* other.call("GET", "/health/ready")).status).toBe(200)
      })
    )

    it.scopedLive("does not repeat a command that broke off, and says that it may be done", () =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        const { other } = yield* haunted((request) => {
          seen.push(`${request.method} ${request.url}`)
          request.socket.destroy()
        })
        const broken = yield* other.call("POST", `/instances/${shop}/restart`)
        expect([broken.status, broken.json._tag]).toEqual([502, "OutcomeUnknown"])
        expect(seen).toEqual([`POST /instances/${shop}/restart`])
        expect(yield* audit(other)).toMatchObject([
          { action: "restart", outcome: "OutcomeUnknown" }
        ])
        const read = yield* other.call("GET", `/instances/${shop}/status?server=default`)
        expect([read.status, read.json._tag]).toEqual([503, "ServerUnowned"])
        expect(seen.length).toBeGreaterThan(2)
        expect(seen.at(-1)).toBe(`GET /instances/${shop}/status?server=default`)
      })
    )

    it.scopedLive("gives up an owner that stands still as soon as there is another", () =>
      Effect.gen(function* () {
        const { other, sql } = yield* haunted(() => undefined)
        const asked = yield* Effect.fork(
          Effect.all(
            [
              other.call("GET", `/instances/${shop}/status`),
              other.call("POST", `/instances/${shop}/restart`)
            ],
            { concurrency: "unbounded" }
          )
        )
        yield* Effect.sleep("500 millis")
        yield* haunt(sql, "default")
        expect((yield* Fiber.join(asked)).map(({ json, status }) => [status, json._tag])).toEqual([
          [503, "ServerUnowned"],
          [502, "OutcomeUnknown"]
        ])
      })
    )

    it.scopedLive("passes the answer of the owner on as it is, and the request as it came", () =>
      Effect.gen(function* () {
        let heard = {}
        const { ghost, other } = yield* haunted((request, response) => {
          const parts: Array<Buffer> = []
          request.on("data", (part: Buffer) => parts.push(part))
          request.on("end", () => {
            const { headers, method, url } = request
            heard = { headers, method, url, body: Buffer.concat(parts).toString() }
            response.writeHead(418, {
              "content-type": "text/plain; charset=utf-8",
              "x-of-the-owner": "yes",
              connection: "close"
            })
            response.end("ação")
          })
        })
        const body = { name: "São Paulo ☕" }
        const answer = yield* other.call("POST", "/instances?server=default", {
          body,
          headers: {
            "x-of-the-caller": "yes",
            "x-forwarded-for": "198.51.100.7",
            "x-listener-replica": `${ghost} forged`,
            "accept-language": "pt"
          }
        })
        expect([answer.status, answer.text]).toEqual([418, "ação"])
        expect(answer.headers).toMatchObject({
          "content-type": "text/plain; charset=utf-8",
          "x-of-the-owner": "yes",
          "cache-control": "no-store"
        })
        expect(answer.headers.connection).toBe("keep-alive")
        expect(heard).toMatchObject({
          method: "POST",
          url: "/instances?server=default",
          body: JSON.stringify(body),
          headers: {
            apikey: key,
            "accept-language": "pt",
            "content-type": "application/json",
            host: new URL(other.url).host,
            "x-forwarded-for": "198.51.100.7, 127.0.0.1",
            "x-listener-replica": credentials(Redacted.make(key), other.id).mine,
            "x-of-the-caller": "yes"
          }
        })
      })
    )

    it.scopedLive(
      "sends nothing on that another replica sent, and ignores a forged credential",
      () =>
        Effect.gen(function* () {
          const { other, owner } = yield* pair
          const path = `/instances/${shop}/status`
          const of = (apiKey: string) => ({
            headers: { "x-listener-replica": credentials(Redacted.make(apiKey), owner.id).mine }
          })
          const looped = yield* other.call("GET", path, of(key))
          expect([looped.status, looped.json._tag, looped.headers["x-listener-unowned"]]).toEqual([
            503,
            "ServerUnowned",
            "1"
          ])
          const forged = yield* other.call("GET", path, of("another key"))
          expect(forged.status).toBe(200)
        })
    )

    it.scopedLive("tells the owner the caller's address, which counts for wrong keys", () =>
      Effect.gen(function* () {
        const { other, owner } = yield* pair
        const from = (address: string, apiKey = key) => ({
          headers: {
            apikey: "wrong",
            "x-forwarded-for": address,
            "x-listener-replica": credentials(Redacted.make(apiKey), other.id).mine
          }
        })
        const statuses = (count: number, given: object) =>
          Effect.forEach(Array.from({ length: count }), () =>
            Effect.map(owner.call("GET", "/instances", given), ({ status }) => status)
          )
        expect((yield* statuses(11, from("198.51.100.7"))).at(-1)).toBe(429)
        expect(yield* statuses(1, from("198.51.100.8"))).toEqual([401])
        // Whoever has no credential is taken for its own address, whatever it says.
        expect((yield* statuses(11, from("198.51.100.9", "forged"))).at(-1)).toBe(429)
        expect(yield* statuses(1, from("198.51.100.10", "forged"))).toEqual([429])
      })
    )
  }
)
