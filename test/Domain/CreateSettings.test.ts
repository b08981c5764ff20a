import { describe, expect, it } from "@effect/vitest"
import { Redacted } from "effect"
import { eventsIn, names, secretsIn } from "../../src/Domain/CreateSettings.ts"

const secretTexts = (settings: Record<string, unknown>): ReadonlyArray<string> =>
  secretsIn(Redacted.make(settings)).map(Redacted.value)

const events = (settings: Record<string, unknown>) => eventsIn(Redacted.make(settings))

describe("The settings of a new instance", () => {
  it("hold secrets under names of tokens, passwords, secrets, keys, users and headers", () => {
    expect(
      secretTexts({
        wavoipToken: "a",
        proxyPassword: "b",
        clientSECRET: "c",
        apiKey: "d",
        proxyUsername: "e",
        profileName: "Loja",
        proxyHost: "proxy.example"
      })
    ).toEqual(["a", "b", "c", "d", "e"])
  })

  it("hold secrets at any depth below such a name, and in lists", () => {
    expect(
      secretTexts({
        webhook: {
          url: "https://hook.example",
          headers: { authorization: "a", more: [{ "x-any": "b" }, "c", 7, null] },
          events: ["CALL"]
        },
        sqs: [{ accessKey: "d", region: "sa-east-1" }]
      })
    ).toEqual(["a", "b", "c", "d"])
  })

  it("hold no secret in numbers, switches and nothing", () => {
    expect(secretTexts({ token: 7, password: true, key: null, secret: undefined })).toEqual([])
    expect(secretTexts({})).toEqual([])
  })

  it("have the events that are wanted on the websocket", () => {
    expect(events({ websocket: { events: ["CALL", 7, "MESSAGES_UPSERT", null] } })).toEqual([
      "CALL",
      "MESSAGES_UPSERT"
    ])
    const without: ReadonlyArray<Record<string, unknown>> = [
      {},
      { websocket: null },
      { websocket: ["CALL"] },
      { websocket: "CALL" },
      { websocket: {} },
      { websocket: { events: "CALL" } },
      { webhook: { events: ["CALL"] } }
    ]
    for (const settings of without) expect(events(settings)).toEqual([])
  })

  it("have each name once, and none that this service sets itself", () => {
    expect(new Set(names).size).toBe(names.length)
    for (const own of ["instanceName", "token", "qrcode", "number", "integration"])
      expect(names).not.toContain(own)
  })
})
