import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { scopedSimulator as simulator } from "../../src/Testing/mod.ts"
import { freshSchemaUrl } from "../support/databases.ts"
import {
  at,
  type Body,
  listener,
  startService,
  temporaryDirectory
} from "../support/ServiceProcess.ts"

const timeout = 60_000

/** Where the service keeps its log, for each database there is. */
const storages = [
  [
    "the embedded database",
    Effect.map(temporaryDirectory, (path) => ({ DATA_DIR: path }))
  ] as const,
  ...(process.env.TEST_DATABASE_URL === undefined
    ? []
    : [
        [
          "Postgres",
          Effect.map(freshSchemaUrl(process.env.TEST_DATABASE_URL), (url) => ({
            DATABASE_URL: url
          }))
        ] as const
      ])
]

const message = (number: number) => ({ key: { id: `M${number}` }, message: { conversation: "hi" } })

/** The numbers of the messages in the log, in its order. */
const messages = (body: Body): ReadonlyArray<number> =>
  Object.values(body.events ?? {})
    .filter((event) => String(event.event) === "messages.upsert")
    .map((event) => Number(String(event.data?.key?.id).slice(1)))

describe.each(storages)("the service on %s", (_, storage) => {
  it.scopedLive(
    "tells the story from a QR code to messages, in order",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        const service = yield* startService({ ...at(evolution), ...(yield* storage) })

        const created = yield* service.call("/instances", {
          body: { name: "loja-1", number: "5511999990001" }
        })
        expect(created.status).toBe(201)
        const qr = yield* service.until("/instances/loja-1/qrcode", (body) => "code" in body)
        expect(qr.code).toBe(evolution.instance("loja-1").qr?.code)
        expect(qr.pairingCode).toBe("ABCD1234")

        evolution.scan("loja-1")
        for (let number = 1; number <= 5; number++)
          evolution.emit("loja-1", "messages.upsert", message(number))
        const log = yield* service.until(
          "/events?instance=loja-1",
          (body) => messages(body).length === 5
        )
        expect(messages(log)).toEqual([1, 2, 3, 4, 5])
        const status = yield* service.until("/instances/loja-1/status", () => true)
        expect(status).toMatchObject({
          userAction: "none",
          whatsapp: { state: "open", origin: "live" }
        })
        expect((yield* service.call("/instances/loja-1/qrcode")).status).toBe(404)
        expect(service.output()).not.toContain(String(qr.code))
      }),
    { timeout }
  )

  it.scopedLive(
    "listens again after kill -9, and has lost nothing it had committed",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        for (const name of ["loja-1", "loja-2"])
          evolution.add(name, { ownerJid: "5511999990001@s.whatsapp.net", state: "open" })
        const variables = { ...at(evolution), ...(yield* storage) }

        const first = yield* startService(variables)
        yield* first.call("/instances/loja-1/start", { method: "POST" })
        yield* first.call("/instances/loja-2/start", { method: "POST" })
        yield* first.call("/instances/loja-2/stop", { method: "POST" })
        yield* first.until("/instances/loja-1", (status) => listener(status) === "Listening")
        for (let number = 1; number <= 200; number++)
          evolution.emit("loja-1", "messages.upsert", message(number))
        const before = yield* first.until(
          "/events?limit=1000",
          (body) => messages(body).length === 200
        )
        expect((yield* first.stop("SIGKILL")).code).toBe(null)

        const second = yield* startService(variables)
        yield* second.until("/instances/loja-1", (status) => listener(status) === "Listening")
        expect(listener((yield* second.call("/instances/loja-2")).body)).toBe("Stopped")
        const after = yield* second.call("/events?limit=1000")
        expect(messages(after.body)).toEqual(messages(before))
        // What may have been said meanwhile is known to be missing, or fetched again.
        const ledger = yield* second.until(
          "/instances/loja-1/gaps",
          ({ gaps }) => gaps?.[0]?.to !== null
        )
        expect(ledger.gaps).toMatchObject([{ instance: "loja-1", cause: "service_crashed" }])
        expect((yield* second.call("/instances/loja-2/gaps")).body).toEqual({ gaps: [] })
      }),
    { timeout }
  )

  it.scopedLive(
    "stops within 5 s of SIGTERM, with everything it had received committed",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        evolution.add("loja-1")
        const variables = { ...at(evolution), ...(yield* storage) }
        const service = yield* startService(variables)
        yield* service.call("/instances/loja-1/start", { method: "POST" })
        yield* service.until("/instances/loja-1", (status) => listener(status) === "Listening")

        // A flood that is still coming in when the signal does.
        for (let number = 1; number <= 900; number++)
          evolution.emit("loja-1", "messages.upsert", message(number))
        yield* service.until(
          "/events?event=messages.upsert&limit=1",
          (body) => messages(body).length === 1
        )
        const { code, millis } = yield* service.stop("SIGTERM")
        expect(code).toBe(0)
        expect(millis).toBeLessThan(5000)

        const again = yield* startService(variables)
        const { gaps } = yield* again.until(
          "/instances/loja-1/gaps",
          (ledger) => ledger.gaps?.[0] !== undefined
        )
        expect(gaps).toMatchObject([{ cause: "service_stopped" }])
        const kept = messages((yield* again.call("/events?event=messages.upsert&limit=1000")).body)
        // What was received is a beginning of what was sent, without a hole.
        expect(kept).toEqual(Array.from(kept, (_number, index) => index + 1))
      }),
    { timeout }
  )
})
