import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Redacted } from "effect"
import * as Postgres from "../../../src/Storage/Postgres.ts"
import { scopedSimulator } from "../../../src/Testing/mod.ts"
import { freshDatabaseUrl } from "../../support/databases.ts"
import { apiKey, at, startService } from "../../support/ServiceProcess.ts"
import { testDatabaseUrl, until } from "./House.ts"

/** Two processes on one database: the owner of the server, for as long as it lives, and the other. */
const two = Effect.gen(function* () {
  const evolution = yield* scopedSimulator()
  const database = (yield* freshDatabaseUrl(testDatabaseUrl)).href
  const sql = Context.get(
    yield* Layer.build(Postgres.layer(Redacted.make(database))),
    SqlClient.SqlClient
  )
  const start = startService({ ...at(evolution), CLUSTER: "true", DATABASE_URL: database })
  const owner = yield* start
  const other = yield* start
  const { me } = (yield* owner.call("/cluster")).body
  yield* sql`insert into placements (server, replica) values ('default', ${String(me)})`
  yield* other.until("/cluster", ({ servers }) => servers?.[0]?.owner === me)
  expect((yield* owner.call("/instances", { body: { name: "loja" } })).status).toBe(201)
  return { evolution, owner, other }
})

const ask = (url: string, method: string, path: string, body?: object) =>
  Effect.promise(async (signal) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      signal,
      headers: { apikey: apiKey, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) })
    })
    const json: { readonly _tag?: string } = Object(await answer.json())
    return { status: answer.status, tag: json._tag, after: answer.headers.get("retry-after") }
  })

describe.skipIf(testDatabaseUrl === "")("an owner that is killed", { timeout: 120_000 }, () => {
  it.scopedLive(
    "while others wait for its answers leaves nobody waiting, and nothing done twice",
    () =>
      Effect.gen(function* () {
        const { evolution, other, owner } = yield* two
        const { body } = yield* other.call("/instances/loja/qrcode?wait=20")
        const poll = yield* Effect.fork(
          ask(other.url, "GET", `/instances/loja/qrcode?wait=60&after=${body.sequence}`)
        )
        evolution.slow({ answerMillis: 30_000 })
        let asked = 0
        const arrived = Effect.async<void>((resume) =>
          evolution.onCall((path) => {
            if (!path.includes("/instance/create")) return
            asked++
            resume(Effect.void)
          })
        )
        const command = yield* Effect.fork(ask(other.url, "POST", "/instances", { name: "nova" }))
        yield* arrived
        const killed = performance.now()
        yield* owner.stop("SIGKILL")
        expect(yield* Fiber.join(command)).toEqual({
          status: 502,
          tag: "OutcomeUnknown",
          after: null
        })
        expect(yield* Fiber.join(poll)).toEqual({ status: 503, tag: "ServerUnowned", after: "2" })
        expect(performance.now() - killed).toBeLessThan(8000)
        evolution.endFaults()

        const status = yield* until(
          other.call("/instances/loja/status"),
          (one) => one.status === 200
        )
        expect(status.body.name).toBe("loja")
        expect(performance.now() - killed).toBeLessThan(20_000)
        const audit = (yield* other.call("/audit")).body.rows
        const rows = Object.values(Object(audit)).map((row) => {
          const { action, instance, outcome } = Object(row)
          return [action, instance, outcome].join(" ")
        })
        expect(rows).toEqual(["create nova OutcomeUnknown", "create loja done"])
        expect(asked).toBe(1)
      })
  )
})
