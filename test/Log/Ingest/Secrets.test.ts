import { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted, TestClock } from "effect"
import { type Batch, isPoison, makeWorld, raw } from "./World.ts"

const password = "hunter2-of-the-database"
const key = "the-key-of-evolution"
const variables = {
  EVOLUTION_API_KEY: key,
  DATABASE_URL: `postgres://user:${password}@localhost/db`
}

/** As `pg` words it, with a value that should not be there. */
const failure = (code: string) =>
  new SqlError.SqlError({
    cause: Object.assign(new Error(`cannot store "mediaKey":"abc" for ${password}`), {
      code,
      detail: `Failing row contains (${password}).`
    })
  })

describe("Ingest", () => {
  it.scoped("removes configured secrets from events and from the profile", () =>
    Effect.gen(function* () {
      const { close, events, receive, shop } = yield* makeWorld(() => undefined, variables)
      yield* receive([
        raw("shop", { text: `a ${key}`, [password]: 1 }),
        raw(
          "shop",
          { state: "open", profileName: key, wuid: "5511@s.whatsapp.net" },
          "connection.update"
        )
      ])
      yield* close
      expect(JSON.stringify(events)).not.toMatch(`${key}|${password}`)
      expect(events.map(({ json }) => JSON.parse(String(json)))).toMatchObject([
        { text: "a [redacted]", "[redacted]": 1 },
        { state: "open", profileName: "[redacted]" }
      ])
      expect(shop()?.profile).toMatchObject({ name: "[redacted]", phone: "5511" })
    })
  )

  it.scoped("gives a QR code to the projection and redacts it in the event", () =>
    Effect.gen(function* () {
      const { close, events, receive, shop } = yield* makeWorld(() => undefined, variables)
      const qrcode = {
        code: `2@${"x".repeat(40)},y`,
        base64: "data:image/png;base64,AA",
        pairingCode: "ABCD1234"
      }
      yield* receive([raw("shop", { qrcode, say: "ABCD1234" }, "qrcode.updated")])
      yield* close
      expect(shop()?.qr).toMatchObject(qrcode)
      const [event] = events
      expect(JSON.parse(String(event?.json ?? ""))).toEqual({
        qrcode: { code: "[redacted]", base64: "[redacted]", pairingCode: "[redacted]" },
        say: "[redacted]"
      })
      expect(Redacted.isRedacted(event?.lifeCycle)).toBe(true)
    })
  )

  it.scoped("quarantines a refused QR event without its code", () =>
    Effect.gen(function* () {
      const refuse = ({ events }: Batch) => (events.length > 0 ? failure("22P05") : undefined)
      const { close, quarantined, receive } = yield* makeWorld(refuse, variables)
      const qrcode = { code: "2@secret", base64: "data:image/png;base64,AA" }
      yield* receive([raw("shop", { qrcode }, "qrcode.updated")])
      yield* close
      expect(quarantined).toHaveLength(1)
      const text: unknown = JSON.parse(String(quarantined[0]?.json))
      expect(text).toBe('{"qrcode":{"code":"[redacted]","base64":"[redacted]"}}')
    })
  )

  it.scoped("removes secrets from the reason of a refused row and of an outage", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld(
        ({ events }) => (events.some(isPoison) ? failure("22P02") : undefined),
        variables
      )
      yield* world.receive([raw("shop", { poison: true })])
      yield* world.close
      expect(world.quarantined).toMatchObject([
        { reason: 'cannot store "mediaKey":"[redacted]" for [redacted]' }
      ])
      const away = yield* makeWorld(() => failure("57P01"), variables)
      yield* away.receive([raw("shop", {})])
      yield* TestClock.adjust("1 second")
      const { message } = (yield* away.ingest.degraded) ?? {}
      expect(message).toContain('cannot store "mediaKey":"[redacted]" for [redacted]')
      const closing = yield* Effect.fork(away.close)
      yield* TestClock.adjust("5 seconds")
      yield* closing
    })
  )
})
