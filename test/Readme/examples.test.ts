import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { house, key, serve } from "../Http/Service.ts"
import { examplesOf, pages } from "./pages.ts"

interface Example {
  readonly line: string
  readonly path: string
  readonly init: { readonly method: string; readonly body?: string; readonly headers: Headers }
}

/** The words of a command line, as a shell splits it. */
const wordsOf = (line: string): ReadonlyArray<string> =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? ""
  )

const exampleOf = (line: string): Example => {
  const headers = new Headers()
  let [method, path, body]: [string, string, string | undefined] = ["GET", "", undefined]
  const words = wordsOf(line.replaceAll("$API_KEY", key).replaceAll("$TOKEN", "a-token"))
  for (const [index, word] of words.entries()) {
    const next = words[index + 1] ?? ""
    if (word === "-X") method = next
    if (word === "-H") headers.set(next.split(": ")[0] ?? "", next.split(": ")[1] ?? "")
    if (word.startsWith("localhost:8000")) path = word.replace("localhost:8000", "")
    if (word === "--json") {
      if (method === "GET") method = "POST"
      body = next
      headers.set("content-type", "application/json")
    }
  }
  return {
    line,
    path: inOurs(path),
    init: { method, headers, ...(body === undefined ? {} : { body: inOurs(body) }) }
  }
}

/** The service of the test has one server. */
const inOurs = (text: string): string =>
  text
    .replace(/\bserver=\w+/, "server=default")
    .replace('"servers":["br"]', '"servers":["default"]')

const examples = pages.flatMap(examplesOf).map(exampleOf)

/** A malformed request, an unknown route, a method that is none, a body that is no JSON. */
const refusals = [400, 404, 405, 415]

describe("The examples of the documentation", () => {
  it.scoped(
    "are requests that the service understands, with a key where one is needed",
    () =>
      Effect.gen(function* () {
        expect(examples.length).toBeGreaterThan(35)
        // Nothing stands behind the routes here: a request that reaches one is a defect, and answered 500.
        const { url } = yield* serve(house())
        const statusOf = ({ init, path }: Example) =>
          Effect.promise(async () => {
            const response = await fetch(`${url}${path}`, init)
            await response.body?.cancel()
            return response.status
          })
        for (const example of examples) {
          const status = yield* statusOf(example)
          expect(refusals, example.line).not.toContain(status)
          const isPublic = /\/health\/|\/session|\/pairing\/stream/.test(example.path)
          if (!isPublic) expect(status, example.line).not.toBe(401)
        }
        const [first] = examples
        if (first === undefined) return
        const wrong = { ...first, init: { ...first.init, body: '{"nam":"loja-1"}' } }
        expect(yield* statusOf(wrong)).toBe(400)
        expect(yield* statusOf({ ...first, path: "/instance" })).toBe(404)
      }),
    { timeout: 30_000 }
  )
})
