import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { house, key, operationsOf, serve } from "./Service.ts"

/** Of another site, in somebody's browser, which would send cookies if there were any. */
const fromElsewhere = {
  origin: "https://evil.example",
  referer: "https://evil.example/page",
  "sec-fetch-site": "cross-site",
  cookie: `apikey=${key}; authorization=Bearer ${key}; session=${key}`
}

/** What a browser sends to another site without asking first. */
const unasked = [
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x"
] as const

/** A house in which every command is a defect. */
const emptyHouse = house({ all: Effect.succeed([]) }, { read: () => Effect.succeed([]) })

describe("a page of another site", () => {
  it.scoped("cannot act, because the key is in a header and cookies are ignored", () =>
    Effect.gen(function* () {
      const { call } = yield* serve(emptyHouse)
      const { json } = yield* call("GET", "/openapi.json")
      const commands = operationsOf(json).filter(
        ({ method, path }) => method === "POST" && path !== "/session"
      )
      expect(commands.length).toBeGreaterThan(5)
      for (const { path } of commands)
        for (const type of unasked) {
          const headers = { ...fromElsewhere, apikey: "", "content-type": type }
          const bare = yield* call("POST", path, { headers })
          expect(bare.status, `${path} ${type}`).toBe(401)
          const answer = yield* call("POST", path, { headers, body: '{"name":"shop"}' })
          expect([401, 415], `${path} ${type}`).toContain(answer.status)
        }
    })
  )

  it.scoped("gets no CORS permission to send a header", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(emptyHouse)
      for (const path of ["/instances", "/events", "/session", "/", "/docs"]) {
        const response = yield* Effect.promise(() =>
          fetch(`${url}${path}`, {
            method: "OPTIONS",
            headers: {
              ...fromElsewhere,
              "access-control-request-method": "POST",
              "access-control-request-headers": "apikey, content-type"
            }
          })
        )
        expect(response.status, path).toBe(404)
        expect(
          [...response.headers.keys()].filter((name) => name.startsWith("access-control"))
        ).toEqual([])
      }
    })
  )

  it.scoped("can neither read an answer nor have its type sniffed", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(emptyHouse)
      for (const path of [
        "/instances",
        "/events",
        "/health/live",
        "/nowhere",
        "/openapi.json",
        "/docs"
      ]) {
        const response = yield* Effect.promise(() =>
          fetch(`${url}${path}`, { headers: { ...fromElsewhere, apikey: key } })
        )
        yield* Effect.promise(() => response.arrayBuffer())
        const { headers } = response
        expect(headers.get("x-content-type-options"), path).toBe("nosniff")
        for (const name of [
          "access-control-allow-origin",
          "access-control-allow-credentials",
          "set-cookie",
          "server",
          "x-powered-by"
        ])
          expect(headers.get(name), `${path} ${name}`).toBeNull()
        if (path !== "/docs") expect(headers.get("cache-control"), path).toBe("no-store")
      }
    })
  )
})

describe("HEAD", () => {
  it.scoped("gets the answer of GET without the body", () =>
    Effect.gen(function* () {
      const { call, url } = yield* serve(emptyHouse)
      for (const [path, apikey] of [
        ["/instances", key],
        ["/events?limit=5", key],
        ["/events?limit=0", key],
        ["/instances", "wrong"],
        ["/openapi.json", ""],
        ["/health/live", ""],
        ["/nowhere", ""]
      ] as const) {
        const { status, text, type } = yield* call("GET", path, { headers: { apikey } })
        const head = yield* Effect.promise(() =>
          fetch(`${url}${path}`, { method: "HEAD", headers: { apikey } })
        )
        expect([head.status, head.headers.get("content-type")], path).toEqual([status, type])
        expect(yield* Effect.promise(() => head.text()), path).toBe("")
        if (path !== "/nowhere")
          expect(head.headers.get("content-length"), path).toBe(String(Buffer.byteLength(text)))
      }
    })
  )
})
