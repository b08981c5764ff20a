import { randomBytes } from "node:crypto"
import { existsSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import * as Database from "../../../src/Command/Check/Database.ts"
import { latest } from "../../../src/Storage/migrations.ts"
import * as Sql from "../../../src/Storage/Sql.ts"
import { freshSchemaUrl } from "../../support/databases.ts"
import { freePort, temporaryDirectory } from "../../support/ServiceProcess.ts"
import { settings } from "../../support/settings.ts"

/** As it is printed, without what is ok. */
const troublesOf = (variables: Readonly<Record<string, string>>) =>
  Effect.map(foundOf(variables), (found) => found.filter((line) => !line.startsWith("ok ")))

const foundOf = (variables: Readonly<Record<string, string>>) =>
  Database.database.pipe(
    Effect.map((found) =>
      found.map(({ about, message, verdict }) => `${verdict} ${about}: ${message}`)
    ),
    Effect.provide(settings(variables))
  )

/** Takes nobody in, and says why, as Postgres does in its answer to the first message. */
const refusing = (code: string, words: string) =>
  Effect.acquireRelease(
    Effect.async<{ readonly host: string; readonly stop: () => void }>((resume) => {
      const fields = `SFATAL\0VFATAL\0C${code}\0M${words}\0\0`
      const length = Buffer.alloc(4)
      length.writeInt32BE(4 + fields.length)
      const server = createServer((socket) => {
        socket.on("error", () => socket.destroy())
        socket.once("data", () =>
          socket.end(Buffer.concat([Buffer.from("E"), length, Buffer.from(fields)]))
        )
      }).listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ host: `127.0.0.1:${port}`, stop: () => server.close() }))
      })
    }),
    ({ stop }) => Effect.sync(stop)
  )

/** A host and port that takes a connection, and says nothing on it. */
const answeringNothing = Effect.acquireRelease(
  Effect.async<Server>((resume) => {
    const server = createServer((socket) => socket.on("error", () => socket.destroy()))
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
).pipe(
  Effect.map((server) => {
    const address = server.address()
    return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  })
)

describe("a check of Postgres", { timeout: 30_000 }, () => {
  it.scopedLive("gives the reason of a refused connection, without the password", () =>
    Effect.gen(function* () {
      const refusals = [
        ["28P01", 'password authentication failed for user "keeper"', "refuses the password"],
        ["28000", 'no pg_hba.conf entry for host "10.0.0.1"', "pg_hba.conf"],
        ["3D000", 'database "events" does not exist', "no such database"],
        ["53300", "sorry, too many clients already", "max_connections"],
        ["57P03", "the database system is starting up", "wait a moment"]
      ] as const
      for (const [code, said, words] of refusals) {
        const { host } = yield* refusing(code, said)
        const found = yield* foundOf({ DATABASE_URL: `postgres://keeper:sesame@${host}/events` })
        expect(found, code).toHaveLength(1)
        expect(found[0], code).toMatch(/^failed database: /)
        expect(found[0], code).toContain(words)
        expect(found[0], code).toContain(host)
        expect(found[0], code).not.toContain("sesame")
      }
    })
  )

  it.scopedLive("tells that nothing listens there, or that nothing comes", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const DATABASE_URL = `postgres://keeper:sesame@127.0.0.1:${port}/events`
      expect(yield* foundOf({ DATABASE_URL })).toEqual([
        `failed database: nothing listens at 127.0.0.1:${port}: is it running, and is the port of DATABASE_URL right?`
      ])
      const silent = yield* answeringNothing
      expect(yield* foundOf({ DATABASE_URL: `postgres://keeper:sesame@${silent}/events` })).toEqual(
        [expect.stringMatching(/^failed database: no answer from 127\.0\.0\.1:\d+ in time/)]
      )
    })
  )

  const url = process.env.TEST_DATABASE_URL
  describe.skipIf(url === undefined)("that answers", () => {
    const own = freshSchemaUrl(url ?? "")
    const run = (statement: string, DATABASE_URL: string) =>
      Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(statement)).pipe(
        Effect.provide(PgClient.layer({ url: Redacted.make(DATABASE_URL) })),
        Effect.orDie
      )
    const migrated = Effect.tap(own, (one) =>
      Effect.scoped(Layer.build(Layer.fresh(Sql.layerPostgres(Redacted.make(one)))))
    )
    const tables =
      "select count(*)::int as count from pg_tables where schemaname = current_schema()"

    it.scopedLive("reports the number of pending migrations and runs none", () =>
      Effect.gen(function* () {
        const DATABASE_URL = yield* own
        expect(yield* foundOf({ DATABASE_URL })).toEqual([
          expect.stringMatching(/^ok database: Postgres [\d.]+ at DATABASE_URL$/),
          "ok writing: allowed",
          `warning migrations: behind: ${latest} of ${latest} are pending; the next start runs them`
        ])
        expect(yield* run(tables, DATABASE_URL)).toEqual([{ count: 0 }])
      })
    )

    it.scopedLive("succeeds if all migrations have run, and warns of a newer database", () =>
      Effect.gen(function* () {
        const DATABASE_URL = yield* migrated
        expect(yield* troublesOf({ DATABASE_URL })).toEqual([])
        const ahead = `insert into evolution_listener_migrations (migration_id, name) values (${latest + 1}, 'later')`
        yield* run(ahead, DATABASE_URL)
        expect(yield* troublesOf({ DATABASE_URL })).toEqual([
          expect.stringMatching(/^warning migrations: the database is ahead/)
        ])
      })
    )

    it.scopedLive("reports a read-only database, and a user that may not write or create", () =>
      Effect.gen(function* () {
        const DATABASE_URL = yield* migrated
        const readOnly = new URL(DATABASE_URL)
        const options = readOnly.searchParams.get("options")
        readOnly.searchParams.set("options", `${options} -c default_transaction_read_only=on`)
        expect(yield* troublesOf({ DATABASE_URL: readOnly.href })).toEqual([
          expect.stringMatching(/^failed writing: it is read-only/)
        ])
        const schema = options?.split("=")[1]
        const role = `guest_${randomBytes(4).toString("hex")}`
        yield* Effect.acquireRelease(run(`create role ${role} login`, DATABASE_URL), () =>
          run(`drop owned by ${role}; drop role ${role}`, DATABASE_URL)
        )
        yield* run(
          `grant usage on schema ${schema} to ${role};
           grant select on all tables in schema ${schema} to ${role}`,
          DATABASE_URL
        )
        yield* run(
          `delete from evolution_listener_migrations where migration_id = ${latest}`,
          DATABASE_URL
        )
        const guest = new URL(DATABASE_URL)
        guest.username = role
        expect(yield* troublesOf({ DATABASE_URL: guest.href })).toEqual([
          expect.stringMatching(/^failed writing: this user may not write the table events/),
          expect.stringMatching(
            /^failed migrations: behind: 1 of \d+ are pending, and this user may not create/
          )
        ])
      })
    )
  })
})

describe("a check of the embedded database", { timeout: 30_000 }, () => {
  it.scopedLive("says that the first start will create it, and creates none", () =>
    Effect.gen(function* () {
      const DATA_DIR = join(yield* temporaryDirectory, "deep", "er")
      expect(yield* foundOf({ DATA_DIR })).toEqual([
        `ok database: the embedded one will be made in "${DATA_DIR}" at the first start`
      ])
      expect(existsSync(DATA_DIR)).toBe(false)
    })
  )

  it.scopedLive("reports a directory that cannot be written", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "file")
      writeFileSync(file, "no directory")
      expect(yield* foundOf({ DATA_DIR: join(file, "data") })).toEqual([
        expect.stringMatching(/^failed database: DATA_DIR "[^"]+" cannot be written/)
      ])
    })
  )

  it.scopedLive("examines an existing database, unless another process has it open", () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryDirectory
      const open = Layer.build(Layer.fresh(Sql.layerEmbedded(DATA_DIR)))
      const meanwhile = Effect.zipRight(open, foundOf({ DATA_DIR }))
      expect(yield* Effect.scoped(meanwhile)).toEqual([
        expect.stringMatching(/^unknown database: another process has "[^"]+" open/)
      ])
      expect(yield* foundOf({ DATA_DIR })).toEqual([
        `ok database: the embedded one in "${DATA_DIR}"`,
        "ok writing: allowed",
        `ok migrations: all ${latest} have run`,
        "ok views: all in the schema listener"
      ])
    })
  )
})
