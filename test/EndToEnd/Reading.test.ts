import { connect } from "node:net"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import * as Sql from "../../src/Storage/Sql.ts"
import { scopedSimulator as simulator } from "../../src/Testing/mod.ts"
import { bundle } from "../support/bundle.ts"
import { storage } from "../support/databases.ts"
import { apiKey, at, startService } from "../support/ServiceProcess.ts"

const timeout = 120_000

/** Large media in a log: base64 texts in `messages.upsert`, which Postgres can compress or cannot. */
const fill = ({ count, size }: { readonly count: number; readonly size: number }) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`
      insert into events (instance, event, data, received_at, origin)
      select 'shop', 'messages.upsert', jsonb_build_object(
        'key', jsonb_build_object('id', nth::text, 'remoteJid', '5511999990001@s.whatsapp.net'),
        'message', jsonb_build_object('base64', repeat('A', ${size}))), now(), 'live'
      from generate_series(1, ${count}) as nth`
  )

/** A service over a log with such media, in a heap of this many MB. */
const serving = (media: Parameters<typeof fill>[0], megabytes: number) =>
  Effect.gen(function* () {
    const evolution = yield* simulator()
    const settings = yield* storage
    const url = "DATABASE_URL" in settings ? Option.some(settings.DATABASE_URL) : Option.none()
    yield* Effect.scoped(
      Effect.provide(
        fill(media),
        Option.match(url, {
          onNone: () => Sql.layerEmbedded(settings.DATA_DIR),
          onSome: (address) => Layer.fresh(Sql.layerPostgres(Redacted.make(String(address))))
        })
      )
    )
    return yield* startService(
      { ...at(evolution), ...settings },
      { program: [`--max-old-space-size=${megabytes}`, bundle()] }
    )
  })

const headers = { apikey: apiKey, "last-event-id": "1" }

/** The ids of the events that a stream brings, until it has brought the last one. */
const idsUntil = (url: string, last: number) =>
  Effect.promise(async () => {
    const abort = new AbortController()
    const response = await fetch(`${url}/events/stream?notes=false`, {
      headers,
      signal: abort.signal
    })
    const ids: Array<number> = []
    let rest = ""
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      // An id stands at the beginning of a line, before the long one.
      const lines = `${rest}${text}`.split("\n")
      rest = (lines.pop() ?? "").slice(0, 20)
      for (const line of lines) if (line.startsWith("id: ")) ids.push(Number(line.slice(4)))
      if (ids.at(-1) === last && rest === "") break
    }
    abort.abort()
    return ids
  })

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, nth) => from + nth)

describe("a log with large media, in a heap of 259 MB", () => {
  it.scopedLive(
    "is resumed from its beginning, as a stream and in pages",
    () =>
      Effect.gen(function* () {
        const service = yield* serving({ count: 500, size: 400_000 }, 259)
        expect(yield* idsUntil(service.url, 500)).toEqual(range(2, 500))

        const seen: Array<number> = []
        for (let after = 0, next = -1; after !== next; ) {
          next = after
          const { body } = yield* service.call(`/events?limit=1000&after=${after}`)
          for (const { id } of body.events as never as ReadonlyArray<{ readonly id: number }>)
            seen.push(id)
          after = Number(body.next)
        }
        expect(seen).toEqual(range(1, 500))
      }),
    { timeout }
  )

  it.scopedLive(
    "is resumed by twenty readers at once, of whom four take nothing, and read in pages meanwhile",
    () =>
      Effect.gen(function* () {
        const service = yield* serving({ count: 4, size: 8_000_000 }, 259)
        const { hostname, port } = new URL(service.url)
        for (let nth = 0; nth < 4; nth++)
          yield* Effect.acquireRelease(
            Effect.async<ReturnType<typeof connect>>((resume) => {
              const socket = connect(Number(port), hostname, () => {
                socket.pause()
                socket.write(
                  `GET /events/stream HTTP/1.1\r\nHost: x\r\napikey: ${apiKey}\r\nLast-Event-ID: 1\r\n\r\n`
                )
                resume(Effect.succeed(socket))
              })
              socket.on("error", () => undefined)
            }),
            (socket) => Effect.sync(() => socket.destroy())
          )
        const [streams, pages] = yield* Effect.all(
          [
            Effect.replicateEffect(idsUntil(service.url, 4), 16, { concurrency: "unbounded" }),
            Effect.replicateEffect(service.call("/events?after=3"), 10, {
              concurrency: "unbounded"
            })
          ],
          { concurrency: "unbounded" }
        )
        for (const ids of streams) expect(ids).toEqual(range(2, 4))
        for (const { body } of pages) expect(body.next).toBe(4)
      }),
    { timeout }
  )
})
