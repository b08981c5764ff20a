import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { key, serve } from "../Http/Service.ts"
import { storage } from "../support/databases.ts"
import { at } from "../support/ServiceProcess.ts"

const timeout = 60_000

const serving = Effect.fn(function* (options: Parameters<typeof scopedSimulator>[0] = {}) {
  const evolution = yield* scopedSimulator(options)
  const settings = { API_KEY: key, ...(yield* storage), ...at(evolution) }
  return { evolution, ...(yield* serve(EvolutionListener.layer, settings)) }
})

/** A token of Meta's form, of this many characters. */
const meta = (length: number) => "EAA".padEnd(length, "xYz9")

const bodies: ReadonlyArray<readonly [string, object]> = [
  [
    "the Cloud API, with Meta's token and two ids",
    {
      integration: "WHATSAPP-BUSINESS",
      number: "106540352242922",
      token: meta(203),
      businessId: "102912345678901"
    }
  ],
  ["a token of 4 000 characters", { token: meta(4000) }],
  ["a token with any characters", { token: 'ç"\\ {}😀' }],
  // evolution-foundation/evolution-api#1219: the id of the phone number
  [
    "an instance without a phone",
    { integration: "EVOLUTION", number: "919212345678", token: "airtel-1" }
  ],
  // baptisteArno/typebot.io#2060
  [
    "all settings",
    {
      rejectCall: true,
      msgCall: "Não atendo",
      groupsIgnore: true,
      alwaysOnline: false,
      readMessages: true,
      readStatus: false,
      syncFullHistory: true,
      wavoipToken: "wavoip-token"
    }
  ],
  // evolution-foundation/evolution-api#869, #2276, #1933: headers of the webhook
  [
    "a webhook with headers",
    {
      webhook: {
        enabled: true,
        url: "https://n8n.example/webhook/a",
        byEvents: false,
        base64: true,
        headers: { authorization: "Bearer a-secret-of-n8n", "Content-Type": "application/json" },
        events: ["MESSAGES_UPSERT"]
      }
    }
  ],
  // evolution-foundation/evolution-api#1416: a webhook that is a text is Evolution's to refuse
  ["a webhook as a text", { webhook: "https://n8n.example/webhook/a" }],
  [
    "a proxy",
    {
      proxyHost: "proxy.example",
      proxyPort: "3128",
      proxyProtocol: "http",
      proxyUsername: "user-of-proxy",
      proxyPassword: "password-of-proxy"
    }
  ],
  // evolution-foundation/evolution-api#193
  [
    "Chatwoot",
    {
      chatwootAccountId: "1",
      chatwootToken: "token-of-chatwoot",
      chatwootUrl: "https://chat.example",
      chatwootSignMsg: true,
      chatwootReopenConversation: true,
      chatwootDaysLimitImportMessages: 3
    }
  ],
  [
    "queues",
    {
      rabbitmq: { enabled: true, events: ["CALL"] },
      sqs: { enabled: true, events: [] },
      nats: { enabled: true },
      kafka: { enabled: true },
      pusher: { enabled: true, appId: "1", key: "key-of-pusher", secret: "secret-of-pusher" }
    }
  ]
]

describe("creating an instance", () => {
  it.scopedLive(
    "passes on everything that Evolution's own call takes",
    () =>
      Effect.gen(function* () {
        const { evolution, post } = yield* serving()
        for (const [nth, [title, body]] of bodies.entries()) {
          const name = `shop-${nth}`
          const answer = yield* post("/instances", JSON.stringify({ name, ...body }))
          expect(answer.status, `${title}: ${answer.text}`).toBe(201)
          const { created } = evolution.instance(name)
          expect(created, title).toMatchObject({ ...body, instanceName: name, qrcode: true })
        }
      }),
    { timeout }
  )

  it.scopedLive(
    "adds the caller's websocket events to ours",
    () =>
      Effect.gen(function* () {
        const { evolution, post } = yield* serving()
        const websocket = { enabled: false, events: ["CALL", "MESSAGING_HISTORY_SET"] }
        const { status } = yield* post("/instances", JSON.stringify({ name: "shop", websocket }))
        expect(status).toBe(201)
        const events = evolution.instance("shop").websocket?.events ?? []
        expect(events).toEqual(
          expect.arrayContaining(["CALL", "MESSAGING_HISTORY_SET", "QRCODE_UPDATED"])
        )
        expect(new Set(events).size).toBe(events.length)
      }),
    { timeout }
  )

  it.scopedLive("refuses a field that Evolution does not have, by its name", () =>
    Effect.gen(function* () {
      const { evolution, post } = yield* serving()
      for (const field of ["webhok", "instanceName", "qrcode", "constructor"]) {
        const { json, status } = yield* post(
          "/instances",
          JSON.stringify({ name: "shop", [field]: true })
        )
        expect(status, field).toBe(400)
        expect(json).toMatchObject({ message: expect.stringContaining(field) })
      }
      expect(() => evolution.instance("shop")).toThrow()
    })
  )

  it.scopedLive("repeats no secret that Evolution repeats in its refusal", () =>
    Effect.gen(function* () {
      const { post, said } = yield* serving({ refusesCreate: true })
      const secrets = bodies.flatMap(([, body]) =>
        [
          ...JSON.stringify(body).matchAll(/"([^"]*(?:secret|password|token|key|user)-of[^"]*)"/g)
        ].map(([, text = ""]) => text)
      )
      expect(secrets.length).toBeGreaterThan(5)
      for (const [title, body] of bodies) {
        const answer = yield* post("/instances", JSON.stringify({ name: "shop", ...body }))
        expect(answer.status, title).toBe(400)
        expect(answer.text).toContain("Invalid invocation")
      }
      for (const secret of [...secrets, "Bearer a-secret-of-n8n", meta(203)])
        expect(said.join("\n")).not.toContain(secret)
    })
  )
})
