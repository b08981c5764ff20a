import { spawnSync } from "node:child_process"
import { PgClient } from "@effect/sql-pg"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import jsqr from "jsqr"
import { type Simulator, scopedSimulator } from "../../src/Testing/mod.ts"
import { freshDatabaseUrl } from "../support/databases.ts"
import { apiKey, at, freePort, temporaryDirectory } from "../support/ServiceProcess.ts"
import { newest, start } from "./Folders.ts"

const person = "5511999990001"

/** Repeats a question until the answer fits. */
const until = <A>(ask: () => Promise<A>, fits: (answer: A) => boolean) =>
  Effect.promise(ask).pipe(
    Effect.repeat({ until: fits, schedule: Schedule.spaced("100 millis") }),
    Effect.timeout("30 seconds"),
    Effect.orDie
  )

/** Lets a person write until the program shows that it listens. */
const heard = (evolution: Simulator, isHeard: () => boolean | Promise<boolean>) =>
  Effect.promise(async () => {
    const is = await isHeard()
    if (!is) evolution.text("loja-1", person, "are you there?")
    return is
  }).pipe(
    Effect.repeat({ until: (is) => is, schedule: Schedule.spaced("500 millis") }),
    Effect.timeout("60 seconds"),
    Effect.orDie
  )

/** A QR code as `qrcode` writes it: two modules in a character, dark ones in black on white. */
const readTerminal = (printed: string): string | undefined => {
  const rows = printed.split("\n").flatMap((line) => {
    // Log lines stand between the codes.
    if (!line.includes("[47m")) return []
    const cells = [...line.matchAll(/(\[37m)?([ ▀▄█])/gu)].map(([, white, cell]) =>
      white === undefined ? cell : " "
    )
    return [
      cells.map((cell) => cell === "▀" || cell === "█"),
      cells.map((cell) => cell === "▄" || cell === "█")
    ]
  })
  if (rows.length === 0) return undefined
  const [scale, margin] = [4, 8]
  const size = (Math.max(...rows.map(({ length }) => length)) + 2 * margin) * scale
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255)
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      if (rows[Math.floor(y / scale) - margin]?.[Math.floor(x / scale) - margin] === true)
        pixels.fill(0, (y * size + x) * 4, (y * size + x) * 4 + 3)
  return jsqr.default(pixels, size, size)?.data
}

describe("The examples", () => {
  it.scopedLive("autoReply answers each text of a person once, and nothing else", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      evolution.addLinked("loja-1")
      yield* start(newest(), ["built/autoReply.js"], {
        ...at(evolution),
        DATA_DIR: yield* temporaryDirectory
      })
      yield* heard(evolution, () => evolution.sent().length > 0)
      evolution.text("loja-1", person, "bom dia")
      evolution.message("loja-1", person, { imageMessage: { caption: "a picture" } })
      evolution.text("loja-1", person, "até logo")
      yield* until(
        async () => evolution.sent().map(({ text }) => text),
        (texts) => texts.includes("You wrote: até logo")
      )
      const answers = evolution.sent().filter(({ text }) => text !== "You wrote: are you there?")
      expect(answers.map(({ text, to }) => [text, to])).toEqual([
        ["You wrote: bom dia", `${person}@s.whatsapp.net`],
        ["You wrote: até logo", `${person}@s.whatsapp.net`]
      ])
    })
  )

  it.scopedLive("terminalQr prints a code that a phone can read", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      evolution.add("loja-1")
      const running = yield* start(newest(), ["built/terminalQr.js", "loja-1"], {
        ...at(evolution),
        DATA_DIR: yield* temporaryDirectory
      })
      yield* until(
        async () => evolution.connections(),
        (count) => count > 0
      )
      const code = yield* Effect.promise(() => evolution.showQr("loja-1"))
      yield* until(
        async () => readTerminal(running.output()),
        (read) => read === code
      )
      evolution.scan("loja-1")
      yield* running.said("loja-1 is open")
    })
  )

  it.scopedLive("severalServers keeps apart what two servers say of instances of one name", () =>
    Effect.gen(function* () {
      const [north, south] = yield* Effect.all([scopedSimulator(), scopedSimulator()])
      const home = yield* temporaryDirectory
      for (const server of [north, south]) server.addLinked("loja-1")
      const running = yield* start(home, [`${newest()}/built/severalServers.js`], {
        SERVERS: "north,south",
        NORTH_URL: north.url,
        NORTH_KEY: north.apiKey,
        SOUTH_URL: south.url,
        SOUTH_KEY: south.apiKey
      })
      yield* heard(north, () => running.output().includes("north loja-1"))
      yield* heard(south, () => running.output().includes("south loja-1"))
      north.text("loja-1", person, "from the north")
      south.text("loja-1", person, "from the south")
      yield* running.said("from the north")
      yield* running.said("from the south")
      const lines = running
        .output()
        .split("\n")
        .filter((line) => line.includes("from the"))
      expect(
        lines.map((line) => /^(\w+ loja-1).*(from the \w+)/.exec(line)?.slice(1)).sort()
      ).toEqual([
        ["north loja-1", "from the north"],
        ["south loja-1", "from the south"]
      ])
    })
  )
})

const database = process.env.TEST_DATABASE_URL

describe.skipIf(database === undefined)("The example inside a host", () => {
  it.scopedLive("has both APIs on one port, and the events in the host's database", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      evolution.addLinked("loja-1")
      const { href } = yield* freshDatabaseUrl(database ?? "")
      const port = String(yield* freePort)
      const running = yield* start(newest(), ["built/insideHost.js"], {
        ...at(evolution),
        API_KEY: apiKey,
        DATABASE_URL: href,
        PORT: port
      })
      yield* running.said("Listening on")
      const ask = async (path: string, headers: Record<string, string> = {}) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
        return { status: response.status, body: await response.text() }
      }
      expect(yield* Effect.promise(() => ask("/customers"))).toEqual({ status: 200, body: "[]" })
      yield* heard(evolution, async () =>
        (await ask("/customers")).body.startsWith(`[{"phone":"${person}","messages":`)
      )
      expect((yield* Effect.promise(() => ask("/whatsapp/instances"))).status).toBe(401)
      const theirs = yield* Effect.promise(() => ask("/whatsapp/instances", { apikey: apiKey }))
      expect([theirs.status, theirs.body]).toEqual([200, expect.stringContaining('"loja-1"')])
      const rows = yield* Effect.flatMap(
        PgClient.PgClient,
        (sql) =>
          sql`select instance, data #>> '{message,conversation}' as text from events
            where event = 'messages.upsert' order by id limit 1`
      ).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(href) })))
      expect(rows).toEqual([{ instance: "loja-1", text: "are you there?" }])
    })
  )
})

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0

describe.skipIf(!hasRedis)("The example of a queue", () => {
  const texts = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `message ${from + index}`)

  it.scopedLive(
    "has each message once and in order, after the program was killed and started",
    () =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator()
        evolution.addLinked("loja-1")
        const port = String(yield* freePort)
        const home = yield* temporaryDirectory
        const redis = yield* start(
          home,
          ["--port", port, "--save", "", "--bind", "127.0.0.1"],
          {},
          "redis-server"
        )
        yield* redis.said("Ready to accept connections")
        const variables = {
          ...at(evolution),
          DATA_DIR: home,
          REDIS_URL: `redis://127.0.0.1:${port}`,
          REDIS_STREAM: "events"
        }
        const entries = async () => {
          const { stdout } = spawnSync("redis-cli", [
            "-p",
            port,
            "--json",
            "xrange",
            "events",
            "-",
            "+"
          ])
          const list: ReadonlyArray<readonly [id: string, fields: ReadonlyArray<string>]> =
            JSON.parse(String(stdout))
          return list.map(([id, fields]) => ({
            id: Number.parseInt(id, 10),
            text: /"conversation": ?"(message \d+)"/.exec(fields.join(" "))?.[1]
          }))
        }
        const forwarded = async () => (await entries()).flatMap(({ text }) => text ?? [])
        const first = yield* start(newest(), ["built/redisStream.js"], variables)
        let isThere = false
        yield* Effect.promise(async () => {
          isThere = (await entries()).length > 0 && evolution.connections() > 0
        }).pipe(Effect.repeat({ until: () => isThere, schedule: Schedule.spaced("200 millis") }))
        for (const text of texts(0, 300)) evolution.text("loja-1", person, text)
        yield* until(forwarded, (list) => list.length > 20)
        yield* first.kill("SIGKILL")
        const before = (yield* Effect.promise(forwarded)).length
        for (const text of texts(300, 320)) evolution.text("loja-1", person, text)
        yield* start(newest(), ["built/redisStream.js"], variables)
        yield* until(forwarded, (list) => list.length >= 320)
        const list = yield* Effect.promise(forwarded)
        expect([...list].sort()).toEqual(texts(0, 320).sort())
        expect(list.slice(0, before)).toEqual(texts(0, before))
        const ids = (yield* Effect.promise(entries)).map(({ id }) => id)
        expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other))
      })
  )
})
