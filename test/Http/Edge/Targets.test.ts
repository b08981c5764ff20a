import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { exchange } from "../../support/RawHttp.ts"
import { house, key, serve } from "../Service.ts"

const serving = serve(house({ all: Effect.succeed([]) }))

/** The answer to one request. */
const ask = (port: number, head: string) =>
  Effect.map(
    Effect.promise(() =>
      exchange(port, { parts: [`${head}\r\n\r\n`], ending: "half-close" }, 5000)
    ),
    ({ answers }) => answers[0]
  )

describe("a request of an unusual form", () => {
  const rows = [
    [
      "a whole address as its target",
      `GET http://x.example/instances HTTP/1.1\r\nHost: x.example\r\napikey: ${key}`,
      200
    ],
    ["a whole address without a path", "GET http://x.example HTTP/1.1\r\nHost: x.example", 200],
    [
      "a whole address with a query alone",
      "GET http://x.example?lang=en HTTP/1.1\r\nHost: x.example",
      200
    ],
    ["no Host", `GET /instances HTTP/1.1\r\napikey: ${key}`, 200],
    ["HTTP/1.0 and no Host", `GET /instances HTTP/1.0\r\napikey: ${key}`, 200],
    ["HTTP/1.0 to the home page", "GET / HTTP/1.0", 200],
    ["OPTIONS for the whole server", "OPTIONS * HTTP/1.1\r\nHost: x", 404],
    ["a Host that is none", `GET /instances HTTP/1.1\r\nHost: a b\\c\r\napikey: ${key}`, 200],
    ["two slashes in front", "GET //instances HTTP/1.1\r\nHost: x", 401]
  ] as const
  for (const [title, head, status] of rows)
    it.scopedLive(`is answered, with ${title}`, () =>
      Effect.gen(function* () {
        const { port } = yield* serving
        expect((yield* ask(port, head))?.status).toBe(status)
      })
    )

  it.scopedLive("gets no pairing link without a Host, but a sentence", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(
        house({ status: () => Effect.succeed({} as never) /* the handler does not look at it */ })
      )
      const head = `POST /instances/shop/pairing-links HTTP/1.0\r\napikey: ${key}`
      expect(
        yield* ask(port, `${head}\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}`)
      ).toMatchObject({
        status: 409,
        body: expect.stringContaining("set PUBLIC_URL")
      })
    })
  )
})

describe("an idle connection", () => {
  // PublicMapping/districtbuilder#448, adonisjs/core#5081, nodejs/node#20256: 502 from the proxy after 5 s
  it.scopedLive("is kept for longer than proxies keep theirs", () =>
    Effect.gen(function* () {
      const { port } = yield* serving
      const answer = yield* ask(
        port,
        "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: keep-alive"
      )
      expect(
        Number(/timeout=(\d+)/.exec(answer?.headers["keep-alive"] ?? "")?.[1])
      ).toBeGreaterThan(600)
    })
  )
})
