import { readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { type Answer, fixture, json, type Method, name, outcome, refusal } from "./server.ts"

const found = (file: string) => {
  const { records, total } = JSON.parse(fixture(file)).messages
  return { messages: { records, total } }
}

/** Bodies of a real Evolution 2.3.6: the call, the status, and the client's result. */
const recorded: ReadonlyArray<readonly [string, Method, number, unknown]> = [
  ["rest-401.json", "delete", 401, { _tag: "KeyRefused" }],
  ["rest-403-name-in-use.json", "create", 403, { _tag: "InstanceExists", instance: name }],
  ["rest-404.json", "delete", 404, { _tag: "InstanceNotFound", instance: name }],
  ["rest-connect.json", "connect", 200, { count: 0 }],
  ["rest-connection-state.json", "connectionState", 200, "close"],
  ["rest-create-baileys.json", "create", 201, "done"],
  ["rest-create-evolution.json", "create", 201, "done"],
  ["rest-delete.json", "delete", 200, "done"],
  [
    "rest-fetch-instances.json",
    "fetchInstances",
    200,
    expect.arrayContaining([
      {
        name: "shop-1",
        id: "0a5f343e-bb23-4fc2-94e1-b17f84412637",
        integration: "EVOLUTION",
        createdAt: "2026-11-23T16:41:17.884Z",
        number: "5511999990001",
        disconnectionReasonCode: null,
        connectionStatus: "open",
        ownerJid: null,
        profileName: null,
        profilePicUrl: null,
        _count: { Message: 3 }
      }
    ])
  ],
  ["rest-websocket-find.json", "findWebSocket", 200, { enabled: true, events: ["QRCODE_UPDATED"] }],
  ["rest-websocket-set.json", "setWebSocket", 201, "done"],
  // The records keep every field, also those that the schema does not name.
  ["rest-find-messages.json", "findMessages", 200, found("rest-find-messages.json")],
  ["rest-find-messages-range.json", "findMessages", 200, found("rest-find-messages-range.json")],
  // No call reads this body: the client refuses an address that answers it.
  ["rest-root.json", "connectionState", 200, { _tag: "EvolutionUnavailable", status: 200 }]
]

/** The refusal was recorded for another instance. */
const bodyOf = (file: string): string => fixture(file).replace('"none\\"', `"${name}\\"`)

/** Answers of other versions, of proxies, and of an Evolution with other settings. */
const html = "<html><body><h1>502 Bad Gateway</h1></body></html>"
const said = (message: unknown) => ({ status: 400, error: "Bad Request", response: { message } })
const empty = { status: 200, body: "", headers: { "content-type": "application/json" } }
const other: ReadonlyArray<readonly [string, Method, Answer, unknown]> = [
  [
    "an unknown route",
    "connect",
    refusal(404, ["Cannot GET /instance/connect/shop-1"]),
    { _tag: "EvolutionUnavailable", status: 404 }
  ],
  [
    "a page of Express",
    "connect",
    { status: 404, body: "Cannot GET /instance/connect/shop-1" },
    { _tag: "EvolutionUnavailable", status: 404 }
  ],
  [
    "a failure with HTTP 200",
    "connect",
    json(200, { error: true, message: "[object Object]" }),
    { _tag: "EvolutionRefused", status: 200, message: expect.stringContaining("[object Object]") }
  ],
  [
    "a missing licence",
    "create",
    json(503, { error: "service not activated", code: "LICENSE_REQUIRED", message: "Activate it" }),
    { _tag: "LicenseRequired", message: "Evolution is not activated: Activate it" }
  ],
  ["a proxy's 502", "create", { status: 502, body: html }, { _tag: "EvolutionUnavailable" }],
  ["a proxy's 503", "logout", { status: 503, body: html }, { _tag: "EvolutionUnavailable" }],
  [
    "an internal error",
    "restart",
    refusal(500, ["x"]),
    { message: "Evolution answers HTTP 500: x" }
  ],
  ["a body that is no JSON", "findWebSocket", { status: 200, body: html }, { status: 200 }],
  ["no body at all, as without websockets", "findWebSocket", empty, null],
  ["no body, where one has to be", "connectionState", { status: 200, body: "" }, { status: 200 }],
  ["null, as when never set", "findWebSocket", json(200, null), null],
  [
    "no state, as while it is not loaded",
    "connectionState",
    json(200, { instance: { instanceName: name } }),
    "unknown"
  ],
  [
    "a state that nobody knows",
    "connectionState",
    json(200, { instance: { state: "dancing" } }),
    { _tag: "EvolutionUnavailable" }
  ],
  [
    "an instance that is open instead of a code",
    "connect",
    json(200, { instance: { instanceName: name, state: "open" } }),
    { instance: { state: "open" } }
  ],
  [
    "messages that are none",
    "findMessages",
    json(200, { messages: { total: 1, records: [{ key: null, messageTimestamp: 1 }] } }),
    { _tag: "EvolutionUnavailable" }
  ],
  [
    "rows instead of messages",
    "findMessages",
    json(200, [{ name, connectionStatus: "open" }]),
    { _tag: "EvolutionUnavailable" }
  ],
  ["words as text", "logout", json(400, said("one")), { message: "one", status: 400 }],
  ["words as a list", "logout", json(400, said(["one", "two"])), { message: "one; two" }],
  ["words as a list of lists", "setWebSocket", json(400, said([["one"]])), { message: "one" }],
  ["no words", "logout", refusal(400, {}), { _tag: "EvolutionRefused", message: "no reason given" }]
]

/** Calls without a value. */
const withoutValue: ReadonlySet<Method> = new Set([
  "create",
  "restart",
  "logout",
  "delete",
  "setWebSocket"
])

const madeOf = (method: Method, answer: Answer) =>
  Effect.map(outcome(method, answer), (result) =>
    Either.merge(Either.map(result, (value) => (withoutValue.has(method) ? "done" : value)))
  )

const matching = (expected: unknown) =>
  typeof expected === "object" && expected !== null && !("asymmetricMatch" in expected)
    ? expect.objectContaining(expected)
    : expected

// Real time: some of these calls are repeated after 0.2 and 0.4 s.
describe("EvolutionClient and Evolution's answers", () => {
  it("the table has every recorded answer", () => {
    const files = readdirSync(join(import.meta.dirname, "../../fixtures"))
    expect(recorded.map(([file]) => file).sort()).toEqual(
      files.filter((file) => file.startsWith("rest-")).sort()
    )
  })

  it.scopedLive.each(recorded)(
    "the client decodes the recorded answer %s",
    ([file, method, status, expected]) =>
      Effect.gen(function* () {
        expect(yield* madeOf(method, { ...json(status, null), body: bodyOf(file) })).toEqual(
          matching(expected)
        )
      })
  )

  it.scopedLive.each(other)("the client decodes %s", ([, method, answer, expected]) =>
    Effect.gen(function* () {
      expect(yield* madeOf(method, answer)).toEqual(matching(expected))
    })
  )

  it.scopedLive("a long answer is cut short in the error", () =>
    Effect.gen(function* () {
      const page = yield* madeOf("create", { status: 502, body: "x".repeat(100_000) })
      expect(String(page).length).toBeLessThan(600)
    })
  )
})
