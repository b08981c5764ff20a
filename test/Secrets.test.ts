import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import pg from "pg"
import { scopedSimulator as simulator } from "../src/Testing/mod.ts"
import { freshDatabaseUrl } from "./support/databases.ts"
import { receiver } from "./support/OtlpReceiver.ts"
import * as Ears from "./support/Secrets/Ears.ts"
import { witness } from "./support/Secrets/Payloads.ts"
import * as Story from "./support/Secrets/Story.ts"
import { keyBytesOf, passwordOf, type Secret, search, tokenOf } from "./support/Secrets.ts"
import { at, listener, startService, temporaryDirectory } from "./support/ServiceProcess.ts"

const seed = 20_261_123
const rounds = 600
const timeout = 180_000

const evolutionKey = tokenOf("evolution", seed)
const apiKey = tokenOf("ours", seed)
const databasePassword = passwordOf("database", seed)
const traceKey = tokenOf("traces", seed)
const known = [evolutionKey, apiKey, databasePassword, traceKey]
const tokens = Story.names.map((name) => tokenOf(`instance-${name}`, seed))
/** Of app states, of groups, of calls, of webhooks. */
const placed = ["1", "2", "3", "4"].map((name) => keyBytesOf(name, seed))

describe("the search for secrets", () => {
  it("finds a secret in each of its forms, and no false one", () => {
    const secrets = [{ name: "the secret", value: databasePassword }]
    const forms = [
      databasePassword,
      JSON.stringify({ a: `x${databasePassword}` }),
      JSON.stringify({ a: JSON.stringify(databasePassword) }),
      `?key=${encodeURIComponent(databasePassword)}`,
      Buffer.from(`a${databasePassword}b`).toString("base64"),
      Buffer.from(`ab${databasePassword}`).toString("base64url"),
      Buffer.from(databasePassword).toString("base64")
    ]
    for (const form of forms) expect(search(secrets, { form }), form).not.toEqual([])
    expect(search(secrets, { form: 'p"[redacted] or something like it' })).toEqual([])
  })
})

const hasPgDump = (): boolean => {
  try {
    execFileSync("pg_dump", ["--version"])
    return true
  } catch {
    return false
  }
}
const { TEST_DATABASE_URL: url } = process.env
const canRun = url !== undefined && hasPgDump()
if (!canRun)
  console.warn("Planted secrets are not looked for: that takes TEST_DATABASE_URL, and pg_dump")

/** Rows that Postgres refuses, and says what was in them; no value of ours would be. */
const poison = `
  alter table events add constraint poison check (not data ? 'poison');
  alter table instances add constraint poison check (profile_name is distinct from 'poison')`

const connected = (address: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const client = new pg.Client({ connectionString: address })
      await client.connect()
      return client
    }),
    (client) => Effect.promise(() => client.end())
  )

const numbered = (name: string, values: ReadonlyArray<string>): ReadonlyArray<Secret> =>
  values.map((value, index) => ({ name: `${name}, no. ${index + 1}`, value }))

describe.skipIf(!canRun)("a planted secret", () => {
  it.scopedLive(
    "reaches no table, log line, answer, stream or trace",
    () =>
      Effect.gen(function* () {
        const database = yield* freshDatabaseUrl(url ?? "")
        database.password = encodeURIComponent(databasePassword)
        const evolution = yield* simulator({ apiKey: evolutionKey })
        const traces = yield* receiver
        const clock = join(yield* temporaryDirectory, "clock")
        const service = yield* startService({
          ...at(evolution),
          API_KEY: apiKey,
          DATABASE_URL: database.href,
          LOG_LEVEL: "debug",
          METRICS_PER_INSTANCE: "true",
          OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
          OTEL_EXPORTER_OTLP_HEADERS: `authorization=${traceKey}`,
          NODE_OPTIONS: `--import ${join(import.meta.dirname, "chaos/clock.mjs")}`,
          CHAOS_CLOCK: clock
        })
        const db = yield* connected(database.href)
        yield* Effect.promise(() => db.query(poison))
        const ears = Ears.make(service.url, apiKey)
        for (const path of ["/events/stream", "/instances/loja-1/events/stream"])
          yield* ears.listen(path)

        // These answers give a code, a link, and a key on purpose.
        const secretly = Effect.fnUntraced(function* (method: string, path: string, body?: object) {
          const answer = yield* ears.askForSecret(method, path, { body: JSON.stringify(body) })
          return JSON.parse(answer.text)
        })
        const codes: Array<string> = []
        for (const [index, name] of Story.names.entries()) {
          const body = { name, token: tokens[index], number: "5511999990001" }
          yield* ears.ask("POST", "/instances", { body: JSON.stringify(body) })
          yield* service.until(`/instances/${name}`, (status) => listener(status) === "Listening")
          const qr = yield* secretly("GET", `/instances/${name}/qrcode?wait=10`)
          codes.push(qr.code, qr.base64, qr.pairingCode)
        }
        const link = (yield* secretly("POST", "/instances/loja-1/pairing-links", {})).url
        const { key } = yield* secretly("POST", "/keys", { name: "made here", scope: "admin" })
        const linkToken: string = link.split("#")[1]
        yield* ears.ask("GET", "/keys/self", { headers: { apikey: key } })

        const [typed = ""] = codes.filter((code) => code.length === 8)
        const planted = { known, placed, codes: codes.filter((code) => code !== typed) }
        const cast = { service, evolution, ears, planted, typed }
        yield* Story.emit(cast, tokens[0] ?? "", rounds, seed)
        yield* Story.refuse(cast, tokens[1] ?? "")
        yield* Story.misuse(ears, [...known, ...codes.slice(0, 1), key, linkToken])
        yield* Story.readAll(ears)

        // One code is scanned; the other one expires, as it is an hour later.
        yield* Effect.promise(() => evolution.showQr("loja-2"))
        evolution.scan("loja-1")
        yield* service.until(
          "/instances/loja-1",
          ({ whatsapp }) => String(whatsapp?.state) === "open"
        )
        writeFileSync(clock, String(60 * 60 * 1000))
        process.kill(service.pid, "SIGUSR2")
        const kept = Effect.promise(() =>
          db.query("select from instances where coalesce(qr_code, qr_base64) is not null")
        )
        yield* Effect.repeat(kept, {
          until: ({ rowCount }) => rowCount === 0,
          schedule: Schedule.spaced("100 millis")
        })
        expect((yield* service.stop("SIGTERM")).code).toBe(0)

        const dump = execFileSync("pg_dump", [database.href], { maxBuffer: 2 ** 30 }).toString()
        const places: Readonly<Record<string, string>> = {
          ...ears.heard(),
          dump,
          output: service.output(),
          traces: traces.text()
        }
        const secrets = [
          ...numbered("Evolution's key", [evolutionKey]),
          ...numbered("a key of ours", [apiKey, key]),
          ...numbered("the database's password", [databasePassword]),
          ...numbered("the key for traces", [traceKey]),
          ...numbered("an instance's token", tokens),
          ...numbered("what stands at a secret's place", placed),
          ...numbered("a code", codes),
          ...numbered("a pairing link's token", [linkToken])
        ]
        expect(search(secrets, places)).toEqual([])

        // It was all there to be found.
        for (const place of ["dump", "stream /events/stream"])
          expect(places[place]?.split(witness).length, place).toBeGreaterThan(2 * rounds)
        expect(traces.text()).toContain("loja-1")
        for (const line of ["it is put in quarantine", "Evolution refused the socket"])
          expect(service.output(), line).toContain(line)
        expect(dump).toMatch(/COPY public\.quarantine [^;]+;\n\d+\t/)
      }),
    { timeout }
  )
})
