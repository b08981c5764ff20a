/** Two replicas in this process: what one of them knows of keys, the other knows within a second. */
import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, Effect, Exit, Layer, Redacted, Schema, Scope } from "effect"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import * as Http from "../../src/Http/mod.ts"
import { type Simulator, scopedSimulator } from "../../src/Testing/mod.ts"
import { withinOneSecond } from "../Access/Replicas.ts"
import { open } from "../Http/EventStreamReader.ts"
import { freshDatabaseUrl } from "../support/databases.ts"
import { makeLines } from "../support/Lines.ts"
import { freePort } from "../support/ServiceProcess.ts"
import { evolutionAt } from "../support/settings.ts"
import { startProxy } from "../support/TcpProxy.ts"

const databaseUrl = process.env.TEST_DATABASE_URL ?? ""
const apiKey = "key-of-the-test"

/** The real clock, set forward by so many ms. */
const wrongBy = (millis: number): Clock.Clock => {
  const real = Clock.make()
  return Object.assign(Clock.make(), {
    unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis() + millis,
    currentTimeMillis: Effect.map(real.currentTimeMillis, (now) => now + millis)
  })
}

const start = (evolution: Simulator, database: URL, key = apiKey, clock = Clock.make()) =>
  Effect.gen(function* () {
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => startProxy({ port: Number(database.port || 5432) })),
      (running) => Effect.promise(() => running.close())
    )
    const address = new URL(database)
    address.port = String(proxy.port)
    const { layer: logger, lines } = yield* makeLines
    const port = yield* freePort
    const scope = yield* Effect.acquireRelease(Scope.make(), (running) =>
      Effect.zipRight(Effect.sync(proxy.pass), Scope.close(running, Exit.void))
    )
    const context = yield* Layer.buildWithScope(
      Http.layer.pipe(
        Layer.provideMerge(EvolutionListener.layerServers),
        Layer.provide(
          evolutionAt(evolution, {
            API_KEY: key,
            CLUSTER: "true",
            DATABASE_URL: address.href,
            PORT: String(port)
          })
        ),
        Layer.provide(logger)
      ),
      scope
    ).pipe(Effect.withClock(clock))
    const url = `http://127.0.0.1:${port}`
    const ask = (path: string, given: string, init: RequestInit = {}) =>
      Effect.promise(async () => {
        const headers = { apikey: given, "content-type": "application/json" }
        const answer = await fetch(`${url}${path}`, { ...init, headers })
        return { status: answer.status, body: await answer.text() }
      })
    return {
      lines,
      proxy,
      url,
      ticket: Effect.map(Context.get(context, Http.Session).ticket, Redacted.value),
      /** The status of a request with a key. */
      letsIn: (given: string) => Effect.map(ask("/keys/self", given), ({ status }) => status),
      openTicket: (ticket: string) =>
        Effect.map(
          ask("/session", "", { method: "POST", body: JSON.stringify({ ticket }) }),
          ({ status }) => status
        ),
      make: (scope: string, expiresAt?: string) =>
        Effect.map(
          ask("/keys", apiKey, {
            method: "POST",
            body: JSON.stringify({ name: "till", scope, expiresAt })
          }),
          ({ body }) => decode(body)
        ),
      streamToken: Effect.map(
        ask("/stream-tokens", apiKey, { method: "POST", body: JSON.stringify({ ttl: 60 }) }),
        ({ body }) => String(JSON.parse(body).token)
      ),
      revoke: (id: string) => ask(`/keys/${id}`, apiKey, { method: "DELETE" })
    }
  })

const decode = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Struct({ id: Schema.String, key: Schema.String }))
)

const started = Effect.gen(function* () {
  const evolution = yield* scopedSimulator()
  const database = yield* freshDatabaseUrl(databaseUrl)
  const one = yield* start(evolution, database)
  const other = yield* start(evolution, database)
  return { database, evolution, one, other }
})

const is = (wanted: number) => (status: number) => status === wanted

describe.skipIf(databaseUrl === "")("two replicas", { timeout: 60_000 }, () => {
  it.scopedLive("let a new key in, and end a revoked one and its streams, within a second", () =>
    Effect.gen(function* () {
      const { one, other } = yield* started
      for (const [here, there] of [
        [one, other],
        [other, one]
      ] as const) {
        const { id, key } = yield* here.make("read")
        yield* withinOneSecond(there.letsIn(key), is(200))
        const reader = yield* open(there.url, "/events/stream?after=0", { apikey: key })
        yield* reader.takeUntil(({ event }) => event === "hello")
        yield* here.revoke(id)
        expect(yield* here.letsIn(key)).toBe(401)
        yield* withinOneSecond(there.letsIn(key), is(401))
        const frames = yield* reader.takeUntil(({ event }) => event === "bye")
        expect(frames.at(-1)).toMatchObject({ data: { reason: "unauthorized" } })
      }
    })
  )

  it.scopedLive("let a key and a token of a minute in, whatever their clocks say", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      const database = yield* freshDatabaseUrl(databaseUrl)
      const late = yield* start(evolution, database, apiKey, wrongBy(-3_600_000))
      const early = yield* start(evolution, database, apiKey, wrongBy(3_600_000))
      for (const [here, there] of [
        [late, early],
        [early, late]
      ] as const) {
        const { key } = yield* here.make("read", new Date(Date.now() + 60_000).toISOString())
        const { key: expired } = yield* here.make("read", new Date(Date.now() - 1000).toISOString())
        const token = yield* here.streamToken
        for (const each of [here, there]) {
          yield* withinOneSecond(each.letsIn(key), is(200))
          expect(yield* each.letsIn(expired)).toBe(401)
          const reader = yield* open(each.url, `/events/stream?token=${token}`, { apikey: "" })
          yield* reader.takeUntil(({ event }) => event === "hello")
        }
      }
    })
  )

  it.scopedLive("open a ticket once, whoever made it, also if many try at the same instant", () =>
    Effect.gen(function* () {
      const { one, other } = yield* started
      for (const [here, there] of [
        [one, other],
        [other, one]
      ] as const) {
        const ticket = yield* here.ticket
        expect(yield* there.openTicket(ticket)).toBe(201)
        for (const each of [here, there]) expect(yield* each.openTicket(ticket)).toBe(401)

        const contested = yield* here.ticket
        const tries = Array.from(Array(100), (_, nth) =>
          (nth % 2 === 0 ? here : there).openTicket(contested)
        )
        const statuses = yield* Effect.all(tries, { concurrency: "unbounded" })
        expect(statuses.filter(is(201))).toHaveLength(1)
        expect(statuses.filter(is(401))).toHaveLength(99)
      }
    })
  )

  it.scopedLive("refuse an address after ten wrong keys to both, but not the right key", () =>
    Effect.gen(function* () {
      const { one, other } = yield* started
      for (let nth = 1; nth <= 10; nth++)
        expect(yield* (nth % 2 === 0 ? one : other).letsIn(`wrong ${nth}`), `${nth}`).toBe(401)
      for (const { letsIn } of [one, other]) {
        yield* withinOneSecond(letsIn("one more"), is(429))
        expect(yield* letsIn(apiKey)).toBe(200)
      }
    })
  )

  it.scopedLive("go on with the keys that they know while the database is away", () =>
    Effect.gen(function* () {
      const { one, other } = yield* started
      const { id, key } = yield* one.make("read")
      const revoked = yield* one.make("read")
      for (const made of [key, revoked.key]) yield* withinOneSecond(other.letsIn(made), is(200))
      yield* one.revoke(revoked.id)
      yield* withinOneSecond(other.letsIn(revoked.key), is(401))
      const ticket = yield* one.ticket
      other.proxy.refuse()
      other.proxy.reset()
      for (const known of [key, apiKey]) expect(yield* other.letsIn(known)).toBe(200)
      for (const wrong of [revoked.key, "wrong"]) expect(yield* other.letsIn(wrong)).toBe(401)
      // An invented one is known to be none.
      expect(yield* other.openTicket(ticket)).toBe(503)
      expect(yield* other.openTicket("invented")).toBe(401)
      yield* one.revoke(id)
      other.proxy.pass()
      yield* withinOneSecond(other.letsIn(key), is(401)).pipe(Effect.retry({ times: 2 }))
      expect(yield* other.openTicket(ticket)).toBe(201)
    })
  )

  it.scopedLive("are not of one log with another API_KEY: the younger one does not start", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      const database = yield* freshDatabaseUrl(databaseUrl)
      yield* start(evolution, database)
      const error = yield* Effect.flip(Effect.scoped(start(evolution, database, "another-key")))
      expect(error).toMatchObject({
        _tag: "SettingsDiffer",
        message: expect.stringMatching(/: it has another API_KEY\. Give all replicas/)
      })
    })
  )
})
