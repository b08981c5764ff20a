import { describe, expect, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Schema } from "effect"
import { InstanceName, type Qr } from "../../src/Domain/Instance.ts"
import { QrNotAvailable } from "../../src/Domain/Pairing.ts"
import type { Wanted } from "../../src/Instances/Pairing.ts"
import { readQr } from "../support/QrReader.ts"
import { house, serve } from "./Service.ts"

const shop = InstanceName.make("shop")
const code = `2@${"Ab3/".repeat(45)},x`
const qr: Qr = {
  code,
  base64: null,
  pairingCode: null,
  sequence: 3,
  receivedAt: DateTime.unsafeMake(0),
  expiresAt: DateTime.unsafeMake(45_000)
}

const asking = (shown: Qr = qr) =>
  Effect.gen(function* () {
    const wanted: Array<Wanted | undefined> = []
    const service = yield* serve(
      house(
        {},
        {},
        {},
        {
          qrcode: (_, options) => {
            wanted.push(options)
            return Effect.succeed(shown)
          }
        }
      )
    )
    const ask = (accept: string, query = "") =>
      Effect.promise(async () => {
        const headers = { apikey: "key-of-the-test", accept }
        const response = await fetch(`${service.url}/instances/shop/qrcode${query}`, { headers })
        return { response, body: Buffer.from(await response.arrayBuffer()) }
      })
    return { ask, wanted }
  })

const type = ({ response }: { readonly response: Response }) =>
  response.headers.get("content-type")?.split(";")[0]

describe("a QR code over HTTP", () => {
  it.scoped("is JSON, PNG or SVG, by the caller's preference", () =>
    Effect.gen(function* () {
      const { ask } = yield* asking()
      for (const [accept, expected] of [
        ["*/*", "application/json"],
        ["application/json", "application/json"],
        ["image/png", "image/png"],
        ["image/svg+xml", "image/svg+xml"],
        ["image/png;q=0.5, image/svg+xml", "image/svg+xml"],
        ["image/*", "image/png"],
        ["text/html, image/png;q=0.9, */*;q=0.1", "image/png"],
        ["text/html", "application/json"]
      ] as const)
        expect(type(yield* ask(accept)), accept).toBe(expected)
      const formats = { json: "application/json", png: "image/png", svg: "image/svg+xml" }
      for (const [format, expected] of Object.entries(formats))
        expect(type(yield* ask("image/png", `?format=${format}`)), format).toBe(expected)
      expect((yield* ask("*/*", "?format=gif")).response.status).toBe(400)
    })
  )

  it.scoped("is not cached on the way", () =>
    Effect.gen(function* () {
      const { ask } = yield* asking()
      for (const accept of ["application/json", "image/png", "image/svg+xml"]) {
        const { headers } = (yield* ask(accept)).response
        expect(headers.get("cache-control")).toBe("no-store")
        expect(headers.get("vary")).toBe("accept")
      }
    })
  )

  it.scoped("scans to the same code if it is drawn here", () =>
    Effect.gen(function* () {
      const { ask } = yield* asking()
      expect(readQr((yield* ask("image/png")).body)).toBe(code)
      const svg = (yield* ask("image/svg+xml")).body.toString("utf8")
      expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\s*$/)
    })
  )

  it.scoped("is Evolution's picture if that is a PNG", () =>
    Effect.gen(function* () {
      const sent = (yield* (yield* asking({ ...qr, code: "other" })).ask("image/png")).body
      const withImage = (bytes: Buffer) => ({
        ...qr,
        base64: `data:image/png;base64,${bytes.toString("base64")}`
      })
      expect((yield* (yield* asking(withImage(sent))).ask("image/png")).body).toEqual(sent)
      const broken = yield* asking(withImage(Buffer.from("<script>")))
      expect(readQr((yield* broken.ask("image/png")).body)).toBe(code)
    })
  )

  it.scoped("is waited for as long as the caller says, up to a minute", () =>
    Effect.gen(function* () {
      const { ask, wanted } = yield* asking()
      yield* ask("*/*")
      yield* ask("*/*", "?wait=30&after=2")
      const asked = wanted.map((one) => [one?.after, Duration.toSeconds(one?.wait ?? -1)])
      expect(asked).toEqual([
        [undefined, 0],
        [2, 30]
      ])
      for (const query of ["?wait=61", "?wait=x", "?after=-1"])
        expect((yield* ask("*/*", query)).response.status, query).toBe(400)
      expect(wanted).toHaveLength(2)
    })
  )

  it.scoped("is an error as JSON also for a caller that prefers a picture", () =>
    Effect.gen(function* () {
      const none = new QrNotAvailable({
        message: "words",
        instance: shop,
        reason: "already_open",
        userAction: "none"
      })
      const { url } = yield* serve(house({}, {}, {}, { qrcode: () => none }))
      const headers = { apikey: "key-of-the-test", accept: "image/png" }
      const response = yield* Effect.promise(() =>
        fetch(`${url}/instances/shop/qrcode`, { headers })
      )
      expect(response.status).toBe(404)
      expect(yield* Effect.promise(() => response.json())).toEqual(
        Schema.encodeSync(QrNotAvailable)(none)
      )
    })
  )
})
