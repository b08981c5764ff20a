import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { readOf } from "./House.ts"

const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`

const whole = `
endpoints:
  - name: n8n
    target:
      type: webhook
      url: https://n8n.example.com/webhook/1
      headers:
        authorization: { env: DELIVERY_N8N_TOKEN }
        x-flow: shop
    secret: { env: DELIVERY_N8N_SECRET }
    events: [MESSAGES_UPSERT]
    start: { time: 2026-11-01T00:00:00Z }
  - name: crm
    target: { type: nats, url: { env: DELIVERY_NATS } }
`

const json = (value: unknown) => JSON.stringify(value, null, "\t")
const hook = { name: "n8n", target: { type: "webhook", url: "https://n8n.example.com/1" } }

const mistakes = (text: string, more: Readonly<Record<string, string>> = {}) =>
  Effect.flip(readOf(text, more))

describe("the file of endpoints", () => {
  it.effect("has the fields of the API, a reference to the secret, and names what is not set", () =>
    Effect.gen(function* () {
      const { endpoints, unset } = yield* readOf(whole, { DELIVERY_N8N_SECRET: secret })
      const [n8n, crm] = endpoints
      expect(n8n?.secret && Redacted.value(n8n.secret)).toBe(secret)
      expect(n8n).toMatchObject({
        settings: { name: "n8n", events: ["messages.upsert"] },
        start: { time: expect.anything() }
      })
      expect(crm?.settings).toEqual({
        name: "crm",
        target: { type: "nats", url: { env: "DELIVERY_NATS" } }
      })
      expect(unset).toEqual([
        'line 8: endpoints[0].target.headers.authorization: DELIVERY_N8N_TOKEN is not set, so nothing can be sent to "n8n"',
        'line 14: endpoints[1].target.url: DELIVERY_NATS is not set, so nothing can be sent to "crm"'
      ])
    })
  )

  it.effect("may be JSON, also with tabs", () =>
    Effect.gen(function* () {
      const { endpoints } = yield* readOf(json({ endpoints: [hook] }))
      expect(endpoints.map(({ settings }) => settings)).toEqual([hook])
    })
  )

  it.effect("may have anchors, and a mistake behind one is told where it stands", () =>
    Effect.gen(function* () {
      const text = (events: string) =>
        `endpoints:\n  - &first\n    name: a\n    target: &there { type: webhook, url: "https://a.example.com" }\n    events: &events ${events}\n  - name: b\n    target: *there\n    events: *events\n`
      expect((yield* readOf(text("[call]"))).endpoints[1]?.settings).toEqual({
        name: "b",
        events: ["call"],
        target: { type: "webhook", url: "https://a.example.com" }
      })
      expect(yield* mistakes(text('["a b"]'))).toEqual([
        expect.stringMatching(/line 5: endpoints\[0]\.events\[0]: Expected the name of an event/),
        expect.stringMatching(/line 5: endpoints\[1]\.events\[0]: Expected the name of an event/)
      ])
    })
  )

  it.effect("is refused with each mistake, its line and its path, and without values", () =>
    Effect.gen(function* () {
      const told = yield* mistakes(`endpoints:
  - name: n8n
    taget: { type: webhook }
    target:
      type: webhook
      url: https://user:sesame-1@n8n.example.com
      headers:
        authorization: { env: API_KEY }
        x-token: "sesame-2\\n"
        host: sesame-3
    secret: ${secret}
    start: sesame-4
    servers: []
  - target: { type: kafka }
`)
      expect(told).toEqual([
        expect.stringMatching(/^ENDPOINTS_FILE: line 3: endpoints\[0]\.taget: is unexpected/),
        expect.stringMatching(/line 6: endpoints\[0]\.target\.url: Expected an http\(s\) address/),
        expect.stringMatching(/line 8: endpoints\[0]\.target\.headers\.authorization: .*DELIVERY_/),
        expect.stringMatching(/line 9: endpoints\[0]\.target\.headers\.x-token: Expected visible/),
        expect.stringMatching(/line 10: endpoints\[0]\.target\.headers\.host: is unexpected$/),
        expect.stringMatching(/line 11: endpoints\[0]\.secret: Expected .*DELIVERY_/),
        expect.stringMatching(/line 12: endpoints\[0]\.start: Expected "now"/),
        expect.stringMatching(/line 13: endpoints\[0]\.servers: Expected an array of at least 1/),
        expect.stringMatching(/line 14: endpoints\[1]\.name: is missing/),
        expect.stringMatching(/line 14: endpoints\[1]\.target\.type: Expected "webhook" \| /)
      ])
      for (const value of ["sesame", secret]) expect(told.join("\n")).not.toContain(value)
    })
  )

  it.effect("refers to no variable that has another secret, or another setting", () =>
    Effect.gen(function* () {
      for (const env of [
        "API_KEY",
        "DATABASE_URL",
        "DELIVERY_ALLOW",
        "ENCRYPTION_KEY",
        "EVOLUTION_API_KEY",
        "PGPASSWORD",
        "delivery_x",
        "DELIVERY_"
      ]) {
        const target = (more: object) => ({ ...hook, target: { ...hook.target, ...more } })
        for (const one of [
          { ...hook, secret: { env } },
          target({ headers: { "x-a": { env } } }),
          { name: "b", target: { type: "nats", url: { env } } },
          { name: "b", target: { type: "rabbitmq", exchange: "e", url: { env } } }
        ])
          expect(yield* mistakes(json({ endpoints: [one] })), env).toEqual([
            expect.stringMatching(/begins with "DELIVERY_" and is no setting of this service$/)
          ])
      }
      expect(
        (yield* readOf(json({ endpoints: [{ ...hook, secret: { env: "DELIVERY_ALLOWED" } }] }), {
          DELIVERY_ALLOWED: secret
        })).endpoints
      ).toHaveLength(1)
    })
  )

  it.effect("is checked beyond its shape: names, servers, addresses, secrets", () =>
    Effect.gen(function* () {
      const told = yield* mistakes(
        json({
          endpoints: [
            hook,
            { ...hook, servers: ["eu", "mars"] },
            { ...hook, name: "near", target: { type: "webhook", url: "https://10.0.0.1/" } },
            { ...hook, name: "by", byEvents: true },
            { ...hook, name: "unset", secret: { env: "DELIVERY_NONE" } },
            { ...hook, name: "short", secret: { env: "DELIVERY_SHORT" } },
            {
              name: "b",
              target: { type: "nats", url: { env: "DELIVERY_SHORT" } },
              secret: { env: "DELIVERY_SHORT" }
            }
          ]
        }),
        {
          DELIVERY_SHORT: "whsec_c2hvcnQ=",
          EVOLUTION_SERVERS: "eu"
        }
      )
      expect(told.map((line) => line.replace(/line \d+/, "line"))).toEqual([
        "ENDPOINTS_FILE: line: endpoints[1].name: Another endpoint of the file has this name",
        "ENDPOINTS_FILE: line: endpoints[1].servers[1]: EVOLUTION_SERVERS does not have it",
        expect.stringMatching(/endpoints\[2]\.target\.url: Cannot be reached: .*DELIVERY_ALLOW/),
        expect.stringMatching(/endpoints\[3]: byEvents: it goes with the shape "evolution" alone/),
        "ENDPOINTS_FILE: line: endpoints[4].secret: DELIVERY_NONE is not set",
        expect.stringMatching(
          /endpoints\[5]\.secret: DELIVERY_SHORT: Expected the base64 text of 24/
        ),
        expect.stringMatching(/endpoints\[6]\.secret: Messages to a broker are not signed/)
      ])
      expect(told.join()).not.toContain("c2hvcnQ")
    })
  )

  it.effect.each([
    ["nothing", "", /line 1: Expected the field "endpoints", a list$/],
    ["two documents", "endpoints: []\n---\nendpoints: []", /line 2: .*multiple documents/],
    ["a key twice", "endpoints: []\nendpoints: []", /line 2: Map keys must be unique/],
    ["a bracket that stays open", "endpoints: [", /line 1: /],
    ["a tag of another program", "endpoints: !js/function []", /line 1: Unresolved tag/],
    ["an alias without an anchor", "endpoints: *nowhere", /Unresolved alias/],
    [
      "aliases of aliases",
      `a: &a [1]\nb: &b [${"*a,".repeat(20)}]\nc: &c [${"*b,".repeat(20)}]\nendpoints: [${"*c,".repeat(20)}]`,
      /Excessive alias count/
    ],
    ["other fields", "endpoint: []", /line 1: endpoint: is unexpected, expected: "endpoints"/]
  ] as const)("is refused with %s", ([, text, words]) =>
    Effect.map(mistakes(text), (told) => expect(told[0]).toMatch(words))
  )
})
