import { describe, expect, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Redacted, Schema, Scope, Stream } from "effect"
import { decodeJwt } from "jose"
import { ApiKey } from "../../src/Access/ApiKey.ts"
import { InstanceNotFound } from "../../src/Domain/EvolutionError.ts"
import { InstanceName, type Qr } from "../../src/Domain/Instance.ts"
import type { Progress } from "../../src/Domain/Pairing.ts"
import { PairingLink } from "../../src/Http/Api/Pairing.ts"
import { Session } from "../../src/Http/Auth/Session.ts"
import { Tokens } from "../../src/Http/Auth/Tokens.ts"
import { open } from "./EventStreamReader.ts"
import { house, key, serve } from "./Service.ts"

const shop = InstanceName.make("shop")
const qr: Qr = {
  code: "2@a-code-to-scan",
  base64: null,
  pairingCode: "ABCD1234",
  sequence: 1,
  receivedAt: DateTime.unsafeMake(0),
  expiresAt: DateTime.unsafeMake(45_000)
}
const way: ReadonlyArray<Progress> = [
  { state: "waiting" },
  { state: "scan", qr },
  { state: "connected", phone: "5511999990001" }
]

const absent = new InstanceNotFound({ message: "words", instance: "nobody" })

const serving = (
  progress: Stream.Stream<Progress> = Stream.concat(Stream.fromIterable(way), Stream.never),
  variables: Readonly<Record<string, string>> = {}
) =>
  Effect.gen(function* () {
    const asked: Array<string> = []
    const service = yield* serve(
      house(
        // What a link is made for is only asked whether it is there.
        { status: (name) => (name === shop ? Effect.succeed(undefined as never) : absent) },
        {},
        {},
        {
          progress: (name) => {
            asked.push(name)
            return progress
          }
        }
      ),
      { API_KEY: key, ...variables }
    )
    const link = (body = "{}", name: string = shop) =>
      service.post(`/instances/${name}/pairing-links`, body)
    const made = Effect.map(link(), ({ json }) => Schema.decodeUnknownSync(PairingLink)(json))
    const follow = (token: string) =>
      open(service.url, "/pairing/stream", { apikey: "", authorization: `Bearer ${token}` })
    return { ...service, asked, follow, link, made }
  })

const tokenOf = ({ url }: { readonly url: string }) => new URL(url).hash.slice(1)

describe("a pairing link", () => {
  it.scopedLive("shows the pairing of one instance to a caller without a key", () =>
    Effect.gen(function* () {
      const { asked, follow, made } = yield* serving()
      const link = yield* made
      const reader = yield* follow(tokenOf(link))
      expect(reader.headers.get("content-type")).toContain("text/event-stream")
      expect(reader.headers.get("cache-control")).toBe("no-store, no-transform")
      const common = { instance: shop, linkExpiresAt: DateTime.formatIso(link.expiresAt) }
      const shown = yield* reader.take(3)
      expect(shown.map(({ event }) => event)).toEqual(["pairing", "pairing", "pairing"])
      expect(shown.map(({ data }) => data)).toEqual([
        { ...common, state: "waiting", phone: null, qr: null },
        {
          ...common,
          state: "scan",
          phone: null,
          qr: {
            svg: expect.stringMatching(/^data:image\/svg\+xml;base64,/),
            pairingCode: "ABCD1234",
            sequence: 1,
            expiresAt: "1970-01-01T00:00:45.000Z"
          }
        },
        { ...common, state: "connected", phone: "5511999990001", qr: null }
      ])
      expect(asked).toEqual([shop])
    })
  )

  it.scopedLive("has its token in the fragment, which browsers do not send", () =>
    Effect.gen(function* () {
      const { made, url } = yield* serving()
      const link = new URL((yield* made).url)
      expect([link.origin, link.pathname, link.search]).toEqual([url, "/pair", ""])
      const { aud, exp, sub, ...rest } = decodeJwt(link.hash.slice(1))
      expect([aud, sub, rest]).toEqual(["pairing", shop, {}])
      expect(exp).toBeGreaterThan(Date.now() / 1000 + 890)
      expect(exp).toBeLessThanOrEqual(Date.now() / 1000 + 900)
    })
  )

  it.scopedLive("has the address PUBLIC_URL if that is set", () =>
    Effect.gen(function* () {
      const { made } = yield* serving(Stream.never, { PUBLIC_URL: "https://wa.example/listener" })
      expect((yield* made).url).toMatch(/^https:\/\/wa\.example\/listener\/pair#/)
    })
  )

  it.scopedLive("is created for an existing instance, for one minute to one day", () =>
    Effect.gen(function* () {
      const { call, link } = yield* serving()
      expect((yield* link("{}", "nobody")).status).toBe(404)
      for (const body of ['{"ttl":59}', '{"ttl":86401}', '{"ttl":"x"}', '{"tll":60}', "[]", ""])
        expect((yield* link(body)).status, body).toBe(400)
      for (const body of ['{"ttl":60}', '{"ttl":86400}'])
        expect((yield* link(body)).status, body).toBe(201)
      const headers = { apikey: "", "content-type": "application/json" }
      const stranger = yield* call("POST", "/instances/shop/pairing-links", { body: "{}", headers })
      expect(stranger.status).toBe(401)
    })
  )

  it.scopedLive("shows nothing if it is expired, foreign, changed or missing", () =>
    Effect.gen(function* () {
      const { asked, call, context, made } = yield* serving()
      const token = tokenOf(yield* made)
      const ticket = yield* Session.pipe(
        Effect.flatMap((session) => session.ticket),
        Effect.provide(context)
      )
      const { token: session } = yield* Effect.provide(
        Effect.flatMap(Session, ({ open: exchange }) => exchange(ticket)),
        context
      )
      const answers = []
      for (const wrong of [
        "",
        "x",
        key,
        session,
        Redacted.value(ticket),
        token.slice(0, -2),
        `${token}x`,
        yield* issued(shop, "another-key", Duration.minutes(1)),
        yield* issued(shop, key, Duration.zero)
      ]) {
        const headers = { apikey: "", authorization: `Bearer ${wrong}` }
        answers.push(yield* call("GET", "/pairing/stream", { headers }))
      }
      for (const { json, status } of answers) {
        expect(status).toBe(401)
        expect(json).toEqual({ _tag: "Unauthorized", message: "This link is not valid any more" })
      }
      expect(asked).toEqual([])
    })
  )

  it.scopedLive("ends with bye when it expires", () =>
    Effect.gen(function* () {
      const { follow } = yield* serving(Stream.never)
      const reader = yield* follow(yield* issued(shop, key, Duration.millis(1500)))
      expect(yield* reader.take(1)).toMatchObject([{ event: "bye", data: { reason: "expired" } }])
    })
  )

  it.scopedLive("ends with bye when the service stops", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { follow, made } = yield* Scope.extend(serving(), scope)
      const reader = yield* follow(tokenOf(yield* made))
      yield* reader.take(3)
      yield* Scope.close(scope, Exit.void)
      expect(yield* reader.take(1)).toMatchObject([{ event: "bye", data: { reason: "stopping" } }])
    })
  )

  it.scopedLive("opens the feed of its page and no other route", () =>
    Effect.gen(function* () {
      const { call, made } = yield* serving()
      const token = tokenOf(yield* made)
      for (const path of ["/instances", "/instances/shop/qrcode", "/events", "/events/stream"])
        for (const headers of [{ apikey: token }, { apikey: "", authorization: `Bearer ${token}` }])
          expect((yield* call("GET", path, { headers })).status, path).toBe(401)
    })
  )
})

/** As a service with this key would have signed it. */
const issued = (name: string, apiKey: string, lifetime: Duration.Duration) =>
  Tokens.pipe(
    Effect.flatMap((tokens) => tokens.issue("pairing", name, lifetime)),
    Effect.map(({ token }) => token),
    Effect.provide(Tokens.layer),
    Effect.provideService(ApiKey, Redacted.make(apiKey))
  )
