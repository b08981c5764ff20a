import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck, ManagedRuntime } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import { databases } from "../../support/databases.ts"
import { aside, fetched, layerOf, live, message } from "./Kept.ts"

const evolutionKey = "429683C4C977415CAAFCCE10F7D57E12"
const code = `2@${"a1B/".repeat(11)},${"c+D=".repeat(11)},${"e".repeat(44)},x==`

/** What people and their phones send. Each was changed on its way into a log before, here or elsewhere. */
const said: ReadonlyArray<readonly [title: string, message: object]> = [
  // Rhymen/go-whatsapp#539: without the token nobody can ask for the items of the cart.
  [
    "an order's token",
    { orderMessage: { orderId: "1", token: "AR5zabcDEFghiJKLmnoPQRstuVWXyz==" } }
  ],
  // shridarpatil/frappe_whatsapp#243: the token ties a reply to the flow that was sent.
  [
    "a flow's reply",
    {
      interactiveResponseMessage: {
        nativeFlowResponseMessage: {
          name: "flow",
          paramsJson: '{"flow_token":"pedido-77","senha":"x","password":"1234"}'
        }
      }
    }
  ],
  // chatwoot/chatwoot#13970: the answers of a form were dropped as a whole.
  [
    "a form's answers",
    { nfm_reply: { response_json: '{"screen_0_Token_0": "Bom" }', name: "flow" } }
  ],
  // getsentry/sentry#2614: a text was filtered out because it contained "password".
  ["a text about a password", { conversation: "minha senha: 1234, password=1234, apikey: abc" }],
  // getsentry/sentry#60570: a message with the word "token" in it was filtered out.
  [
    "a text about a token",
    { conversation: "o token: 4711 nao chegou; Authorization: Bearer abcdefgh" }
  ],
  // getsentry/sentry#6114: keys' names are searched for in texts.
  ["a text of JSON", { conversation: '{"cookie":"de chocolate","headers":{"secret":[1]}}' }],
  // actions/runner#507, SEED-platform/seed#3929: a weak secret hides each of its look-alikes.
  ["a text with the digits of a weak key", { conversation: "pedido 123456, 5511123456789" }],
  [
    "an address with a password",
    { conversation: "ftp://ana:se%20gredo@loja.example/x?token=a&ticket=b" }
  ],
  ["what looks like a QR code", { conversation: `leia ${code}` }],
  ["a picture in a text", { conversation: "<img src='data:image/png;base64,iVBORw0KGgo='>" }],
  ["a JSON Web Token", { conversation: "eyJhbGciOiJIUzI1NiJ9.eyJhdWQi.c2ln" }],
  ["what looks like a key of ours", { conversation: `el_${"aB-_9".repeat(9).slice(0, 43)}` }],
  // WhiskeySockets/Baileys#2158: a poll's votes are read with it.
  [
    "a poll's secret",
    { messageContextInfo: { messageSecret: "c2VjcmV0", botMessageSecret: "eA==" } }
  ],
  // evolution-foundation/evolution-api#1936, #1948: media are decrypted with it, also as bytes by index.
  ["a media key", { imageMessage: { mediaKey: { 0: 1, 1: 2 }, url: "https://mmg.example/x.enc" } }],
  [
    "a button's data",
    { buttonsResponseMessage: { params: '{"id":"1","pairing_code":"ABCD1234"}' } }
  ],
  ["a contact's card", { contactMessage: { vcard: "BEGIN:VCARD\nNOTE:pin: 4711\nEND:VCARD" } }],
  ["names that are taken for secrets", { qrcode: { code }, creds: [1], pass: "x", private: "y" }]
]

const withoutNul = (text: string): string => text.replaceAll("\u0000", "\uFFFD").toWellFormed()

/** What `jsonb` can hold of a value: U+FFFD for NUL and lone surrogates, one zero. */
const storable = (value: unknown): unknown => {
  if (typeof value === "string") return withoutNul(value)
  if (value === 0) return 0
  if (Array.isArray(value)) return value.map(storable)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [withoutNul(key), storable(inner)])
  )
}

const anyText = FastCheck.oneof(
  FastCheck.string({ unit: "binary" }),
  FastCheck.constantFrom("\u0000", "\ud800", "\\u0000", "👍", "123456", code, "token: x", "a@b:c")
)
const anyKey = FastCheck.oneof(
  anyText,
  FastCheck.constantFrom("token", "apiKey", "mediaKey", "cookie", "qrcode", "headers", "__proto__")
)
const anyJson = FastCheck.letrec((tie) => ({
  value: FastCheck.oneof(
    { maxDepth: 5 },
    anyText,
    FastCheck.double({ noNaN: true, noDefaultInfinity: true }),
    FastCheck.maxSafeInteger(),
    FastCheck.constantFrom(null, true, false),
    FastCheck.array(tie("value"), { maxLength: 5 }),
    FastCheck.dictionary(anyKey, tie("value"), { maxKeys: 5 })
  )
})).value

const dataOf = ({ payload }: RawEvent): unknown => Object(payload).data

describe.each(databases)("Ingest into %s", (_name, database) => {
  const runtime = ManagedRuntime.make(
    layerOf(database, { EVOLUTION_API_KEY: evolutionKey, API_KEY: "123456" })
  )
  beforeAll(() => runtime.runPromise(Effect.void), 30_000)
  afterAll(() => runtime.dispose(), 30_000)

  it("keeps any JSON of a message as it came, live and fetched alike", { timeout: 60_000 }, () =>
    FastCheck.assert(
      FastCheck.asyncProperty(
        FastCheck.array(FastCheck.tuple(anyJson, anyJson), { minLength: 1, maxLength: 10 }),
        async (all) => {
          const contents = all.map(([content, contextInfo]) => ({
            message: { content },
            contextInfo
          }))
          for (const bring of [live, fetched]) {
            const events = contents.map((content) => message(content))
            const logged = await runtime.runPromise(bring(events))
            expect(logged.map(({ data }) => data)).toEqual(events.map(dataOf).map(storable))
          }
        }
      ),
      { numRuns: 40 }
    )
  )

  it.each(said)("keeps %s as it is written, live and fetched alike", async (_, content) => {
    for (const bring of [live, fetched]) {
      const event = message({ message: content, contextInfo: content, pushName: "token: 123456" })
      const [logged] = await runtime.runPromise(bring([event]))
      expect(logged?.data).toEqual(dataOf(event))
    }
  })

  it("keeps other events as they come: chats, contacts, groups, labels", async () => {
    const named = {
      id: "5511123456789@s.whatsapp.net",
      name: "password: 1 | qr",
      token: "a",
      qr: code
    }
    for (const event of [
      "chats.upsert",
      "contacts.update",
      "groups.update",
      "labels.edit",
      "call"
    ]) {
      const raw = {
        ...message({}, "shop-1", event),
        payload: { event, instance: "shop-1", data: [named] }
      }
      const [logged] = await runtime.runPromise(live([raw]))
      expect(logged?.data, event).toEqual([named])
    }
  })

  it.each(["weak-key.json", "order.json"])("keeps the event of %s", async (file) => {
    const payload = JSON.parse(readFileSync(`test/fixtures/content/${file}`, "utf8"))
    const [logged] = await runtime.runPromise(
      live([{ name: payload.event, payload, receivedAt: 1000 }])
    )
    expect(logged).toMatchObject({ instance: payload.instance, data: payload.data })
  })

  it("removes a strong key by its value, live and fetched alike", async () => {
    for (const bring of [live, fetched]) {
      const [logged] = await runtime.runPromise(
        bring([message({ message: { conversation: `a chave ${evolutionKey}!` } })])
      )
      expect(logged?.data).toMatchObject({ message: { conversation: "a chave [redacted]!" } })
    }
  })

  it("removes an instance's token from messages that are fetched after it was heard", async () => {
    const token = "0A5F1E0A-7A0A-4C0A-8A0A-0A0A0A0A0A0A"
    const content = { message: { conversation: `token ${token}` } }
    const heard = message(content, "shop-2")
    Object.assign(Object(heard.payload), { apikey: token })
    const [first] = await runtime.runPromise(live([heard]))
    const [second] = await runtime.runPromise(fetched([message(content, "shop-2")]))
    for (const logged of [first, second])
      expect(logged?.data).toMatchObject({ message: { conversation: "token [redacted]" } })
  })

  it("keeps all of an event that does not decode, or is too deep, in quarantine", async () => {
    const deep = Array.from({ length: 2000 }).reduce<unknown>((inner) => [inner], "👍 qr code: x")
    const payloads: ReadonlyArray<unknown> = [
      { instance: "shop-1", data: { text: "o qrcode, token: 123456, 👍" } },
      { event: "messages.upsert", instance: "shop-1", data: "só texto" },
      ["a", { token: "b" }],
      { event: "messages.upsert", instance: "shop-1", data: { message: deep } }
    ]
    await runtime.runPromise(
      live(payloads.map((payload) => ({ name: "messages.upsert", payload, receivedAt: 1000 })))
    )
    const rows = await runtime.runPromise(aside)
    expect(rows.slice(0, 3)).toEqual(payloads.slice(0, 3))
    expect(JSON.parse(String(rows[3]))).toEqual(payloads[3])
  })
})

describe("Ingest with EVENT_OMIT=media_keys", () => {
  const [, database] = databases.at(-1) ?? expect.fail()
  const runtime = ManagedRuntime.make(layerOf(database, { EVENT_OMIT: "media_keys" }))
  afterAll(() => runtime.dispose(), 30_000)

  it("leaves media keys and messages' secrets out, live and fetched alike", async () => {
    for (const bring of [live, fetched]) {
      const content = {
        messageContextInfo: { messageSecret: "x", v: 2 },
        imageMessage: { mediaKey: "y", url: "u" }
      }
      const [logged] = await runtime.runPromise(bring([message({ message: content })]))
      expect(logged?.data).toMatchObject({ message: { imageMessage: { url: "u" } } })
      expect(JSON.stringify(logged?.data)).not.toMatch(/messageSecret|mediaKey/)
    }
  })
})
