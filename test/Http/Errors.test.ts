import { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as EvolutionError from "../../src/Domain/EvolutionError.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { QrNotAvailable } from "../../src/Domain/Pairing.ts"
import { house, key, serve } from "./Service.ts"

const shop = InstanceName.make("shop")
const sqlError = new SqlError.SqlError({ cause: new Error("Connection terminated") })

describe("an error of the domain", () => {
  const { EvolutionRefused, EvolutionUnavailable, InstanceExists, InstanceNotFound, KeyRefused } =
    EvolutionError
  const message = "words"
  const errors = [
    [404, new InstanceNotFound({ message, instance: "shop" })],
    [409, new InstanceExists({ message, instance: "shop" })],
    [400, new EvolutionRefused({ message, status: 400 })],
    [502, new EvolutionUnavailable({ message, status: null })],
    [502, new KeyRefused({ message })],
    [503, new EvolutionError.LicenseRequired({ message })]
  ] as const

  it.scoped.each(errors)("has the status %i and all of its fields: %s", ([number, error]) =>
    Effect.gen(function* () {
      const { client, post } = yield* serve(house({ create: () => error }))
      const answer = yield* post("/instances", '{"name":"shop"}')
      expect(answer.status).toBe(number)
      expect(answer.json).toMatchObject({ _tag: error._tag, message: "words" })
      const payload = { name: shop, integration: "WHATSAPP-BAILEYS" } as const
      expect(yield* Effect.flip(client.instances.create({ payload, urlParams: {} }))).toEqual(error)
    })
  )

  it.scoped("contains no secret, wherever its message comes from", () =>
    Effect.gen(function* () {
      const password = "hunter2-of-the-database"
      const message = `Cannot find ${key}, ${btoa(password)} and 2@${"x".repeat(40)},y`
      const status = () =>
        new EvolutionError.InstanceNotFound({ message, instance: `a-${password}` })
      const { call } = yield* serve(house({ status }), {
        API_KEY: key,
        DATABASE_URL: `postgres://user:${password}@localhost/db`
      })
      const answer = yield* call("GET", "/instances/shop")
      expect([answer.status, answer.json]).toEqual([
        404,
        {
          _tag: "InstanceNotFound",
          message: expect.stringMatching(
            /^Cannot find \[redacted\], \[redacted\]U= and \[redacted\]$/
          ),
          instance: "a-[redacted]"
        }
      ])
      const echo = yield* call("GET", `/${key}?${password}`)
      expect(echo.text).toContain("No such route: GET /[redacted]; see /docs")
    })
  )

  it.scoped("tells the caller how to get a QR code if there is none", () =>
    Effect.gen(function* () {
      const none = new QrNotAvailable({
        message,
        instance: shop,
        reason: "closed",
        userAction: "request_qr"
      })
      const { client } = yield* serve(house({}, {}, {}, { qrcode: () => none }))
      const asked = client.pairing.qrcode({ path: { name: shop }, urlParams: {} })
      expect(yield* Effect.flip(asked)).toEqual(none)
    })
  )

  it.scoped("is 503 on every route while the database does not answer", () =>
    Effect.gen(function* () {
      const fails = () => sqlError
      const commands = { create: fails, remove: fails, start: fails, stop: fails, restart: fails }
      const instances = { ...commands, purge: fails, gaps: fails }
      const { call, post } = yield* serve(house(instances, { read: fails }))
      const answers = [
        yield* post("/instances", '{"name":"shop"}'),
        yield* call("DELETE", "/instances/shop"),
        yield* call("DELETE", "/instances/shop?purge=true"),
        yield* call("POST", "/instances/shop/start"),
        yield* call("POST", "/instances/shop/stop"),
        yield* call("POST", "/instances/shop/restart"),
        yield* call("GET", "/instances/shop/gaps"),
        yield* call("GET", "/events")
      ]
      for (const answer of answers) {
        expect(answer.status).toBe(503)
        expect(answer.json).toEqual({
          _tag: "DatabaseUnavailable",
          message: "The database does not answer: Connection terminated"
        })
      }
    })
  )
})
