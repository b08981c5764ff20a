import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { operationsOf } from "../Service.ts"
import { type Replica, replica, shop, testDatabaseUrl, until, world } from "./House.ts"

const nobody = "nobody"
const id = "8b1ea8e2-3c0f-4f0a-9a55-6a9b8f1f6d11"

/** Something that each route takes. */
const bodies: Readonly<Record<string, (name: string) => object>> = {
  "POST /instances": () => ({ name: shop }),
  "POST /instances/{name}/import": () => ({ from: "2026-01-01T00:00:00Z", limit: 1 }),
  "POST /instances/{name}/pair": () => ({ number: "5511999990009" }),
  "POST /instances/{name}/pairing-links": () => ({}),
  "POST /keys": (name) => ({ name, scope: "read" }),
  "POST /session": () => ({ ticket: "made up" }),
  "POST /stream-tokens": () => ({})
}

/** Two of these calls differ, whichever replicas are asked: the first one takes something away, or begins it. */
const oncePossible = new Set(["DELETE /instances/{name}", "POST /instances/{name}/import"])

/** Time passes between two answers, and what is made anew has another secret. */
const timeless = (text: string) =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, "host")
    .replaceAll(/"(?:age|silent)Seconds":\d+/g, '"seconds":0')
    .replaceAll(/"attempt":\d+/g, '"attempt":0')
    .replaceAll(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z"/g, '"time"')
    .replaceAll(/"me":"[0-9a-f-]{36}"/g, '"me":"id"')
    .replaceAll(/"id":"[0-9a-f-]{36}","name":"/g, '"id":"id","name":"')
    .replaceAll(/"(key|token)":"[\w.-]+"/g, '"$1":"secret"')
    .replaceAll(/pair#[\w.-]+/g, "pair#secret")

const notCompared = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
  "x-listener-replica"
])

describe.skipIf(testDatabaseUrl === "")("every route", { timeout: 120_000 }, () => {
  it.scopedLive("answers at a replica that does not own the server as at the one that does", () =>
    Effect.gen(function* () {
      const { give, shared } = yield* world()
      const owner = yield* replica(shared)
      const made = yield* owner.call("POST", "/keys", {
        body: { name: "bound", scope: "operate", instances: ["other-*"] }
      })
      const other = yield* replica(shared)
      yield* give("default", owner)
      const callers = {
        admin: {},
        bound: { apikey: String(made.json.key) },
        stranger: { apikey: "wrong" }
      }
      const restarted = until(
        Effect.zipRight(
          owner.call("POST", `/instances/${shop}/start`),
          owner.call("GET", `/instances/${shop}/status`)
        ),
        ({ json }) => json.listener.state._tag === "Listening"
      )
      const { json: document } = yield* other.call("GET", "/openapi.json")
      const operations = operationsOf(document).length
      expect(operations).toBeGreaterThan(30)
      let compared = 0
      for (const [template, methods] of Object.entries<object>(document.paths))
        for (const method of Object.keys(methods).map((name) => name.toUpperCase())) {
          const route = `${method} ${template}`
          const variants =
            oncePossible.has(route) || template.includes("{id}") ? [nobody] : [shop, nobody]
          for (const name of variants)
            for (const [caller, headers] of Object.entries(callers)) {
              // Ten wrong keys in a minute are enough for an address.
              if (caller === "stranger" && template !== "/instances/{name}/status") continue
              const path = template
                .replace("{name}", name)
                .replace("{id}", template.startsWith("/cluster") ? nobody : id)
              const answerOf = (from: Replica) =>
                template.endsWith("/stream")
                  ? opening(from, path, headers)
                  : Effect.map(
                      from.call(method, path, {
                        headers,
                        ...(route in bodies && { body: bodies[route]?.(name) ?? {} })
                      }),
                      ({ headers, status, text }) => ({
                        status,
                        headers: Object.entries(headers).filter(([key]) => !notCompared.has(key)),
                        // Each replica has metrics of its own.
                        text: template === "/metrics" ? "" : timeless(text)
                      })
                    )
              const [here, there] = [yield* answerOf(owner), yield* answerOf(other)]
              expect(there, `${caller} ${method} ${path}`).toEqual(here)
              expect(here.status, `${caller} ${method} ${path}`).toBeLessThan(500)
              if (method === "POST") yield* restarted
            }
          compared++
        }
      expect(compared).toBe(operations)
    })
  )
})

/** The beginning of a stream. */
const opening = ({ url }: Replica, path: string, headers: Record<string, string>) =>
  Effect.promise(async (signal) => {
    const answer = await fetch(`${url}${path}`, {
      headers: { apikey: "key-of-the-test", ...headers },
      signal
    })
    await answer.body?.cancel()
    return {
      status: answer.status,
      headers: [...answer.headers].filter(([key]) => !notCompared.has(key)),
      text: ""
    }
  })
