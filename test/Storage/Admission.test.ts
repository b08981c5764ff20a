import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import pg from "pg"
import { type Facts, troublesOf } from "../../src/Storage/Facts.ts"
import { latest } from "../../src/Storage/migrations.ts"
import * as Sql from "../../src/Storage/Sql.ts"
import { freshDatabaseUrl } from "../support/databases.ts"
import { runToEnd } from "../support/ServiceProcess.ts"

const testDatabaseUrl = process.env.TEST_DATABASE_URL ?? ""
const service = { EVOLUTION_API_URL: "http://127.0.0.1:9", EVOLUTION_API_KEY: "any" }

const run = (connectionString: string, statement: string) =>
  Effect.promise(async () => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  })

/** The last line of a start, and the lines of a check that are not ok. */
const answersOf = (DATABASE_URL: string, more: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const started = yield* runToEnd({ ...service, DATABASE_URL, ...more })
    expect(started.code).toBe(1)
    const checked = yield* runToEnd({ ...service, DATABASE_URL, ...more }, ["--check"])
    expect(checked.code).toBe(1)
    return [started.lines.at(-1), checked.lines.find((line) => line.startsWith("FAILED"))] as const
  })

const schemaOf = (url: string) =>
  Effect.provide(
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql<{ schema: string }>`
        select schemaname as schema from pg_tables where tablename = 'evolution_listener_migrations'`
    ),
    Sql.layerPostgres(Redacted.make(url))
  )

describe.skipIf(testDatabaseUrl === "")("A start and a check", { timeout: 120_000 }, () => {
  const encoded = (encoding: string) =>
    Effect.gen(function* () {
      const name = `test_${randomBytes(8).toString("hex")}`
      yield* Effect.acquireRelease(
        run(
          testDatabaseUrl,
          `create database ${name} encoding '${encoding}' template template0 lc_collate 'C' lc_ctype 'C'`
        ),
        () => run(testDatabaseUrl, `drop database ${name} with (force)`)
      )
      const url = new URL(testDatabaseUrl)
      url.pathname = `/${name}`
      return url.href
    })

  it.scopedLive.each(["LATIN1", "SQL_ASCII", "EUC_JP", "WIN1252", "KOI8R"])(
    "refuse a database whose encoding is %s",
    (encoding) =>
      Effect.gen(function* () {
        for (const line of yield* answersOf(yield* encoded(encoding)))
          expect(line).toMatch(
            new RegExp(
              `database: the encoding of "test_\\w+" is ${encoding}, .*encoding 'UTF8' template template0`
            )
          )
      })
  )

  // db-migrate/pg#71, IQSS/dataverse#9717, golang-migrate/migrate#826, misskey-dev/misskey#9449, ANXS/postgresql#571
  it.scopedLive("refuse a user who may not create in the schema public, and name the grant", () =>
    Effect.gen(function* () {
      const url = yield* freshDatabaseUrl(testDatabaseUrl)
      const role = `guest_${randomBytes(4).toString("hex")}`
      yield* Effect.acquireRelease(run(url.href, `create role ${role} login`), () =>
        run(testDatabaseUrl, `drop role ${role}`)
      )
      yield* run(url.href, "revoke create on schema public from public")
      const guest = new URL(url)
      guest.username = role
      for (const line of yield* answersOf(guest.href))
        expect(line).toContain(`grant create on schema "public" to "${role}"`)
      for (const line of yield* answersOf(`${guest.href}?schema=mine`))
        expect(line).toContain(`create schema "mine" authorization "${role}"`)
    })
  )

  it.scopedLive("refuse a read-only database, and times that would be misread", () =>
    Effect.gen(function* () {
      const url = (yield* freshDatabaseUrl(testDatabaseUrl)).href
      for (const [setting, words] of [
        ["default_transaction_read_only=on", "it is read-only"],
        ["DateStyle=German", "the DateStyle is German"]
      ])
        for (const line of yield* answersOf(`${url}?options=-c%20${setting}`))
          expect(line).toContain(words)
    })
  )

  it.scopedLive("make the schema that the address names, also one that needs quotes", () =>
    Effect.gen(function* () {
      for (const schema of ["evolution_api", "My Schema", 'a"b', "a\\b"]) {
        const url = yield* freshDatabaseUrl(testDatabaseUrl)
        url.searchParams.set("schema", schema)
        // Twice: the second start finds it.
        expect(yield* schemaOf(url.href)).toEqual([{ schema }])
        expect(yield* schemaOf(url.href)).toEqual([{ schema }])
      }
    })
  )

  it.scopedLive("connect over a Unix socket, written in each way", () =>
    Effect.gen(function* () {
      const url = yield* freshDatabaseUrl(testDatabaseUrl)
      const [directory = ""] = execFileSync(
        "psql",
        [testDatabaseUrl, "-Atc", "show unix_socket_directories"],
        { encoding: "utf8" }
      ).split(/[,\n]/)
      const name = url.pathname
      const port = url.port || "5432"
      for (const host of [
        `postgresql://${encodeURIComponent(directory)}${name}?port=${port}&x=`,
        `postgresql://${name}?port=${port}&host=${directory}`
      ]) {
        const error = yield* Effect.flip(schemaOf(`${host}&user=nobody-of-that-name`))
        expect(error.message).toMatch(/nobody-of-that-name|there is no socket/)
      }
      const nowhere = yield* Effect.flip(schemaOf("postgresql:///db?host=/nowhere"))
      expect(nowhere.message).toContain("there is no socket at /nowhere/.s.PGSQL.5432")
    })
  )

  it.scopedLive("say what is wrong with TLS, and prefer to go on without", () =>
    Effect.gen(function* () {
      const url = (yield* freshDatabaseUrl(testDatabaseUrl)).href
      expect(yield* schemaOf(`${url}?sslmode=prefer`)).toHaveLength(1)
      expect(yield* schemaOf(`${url}?sslmode=disable`)).toHaveLength(1)
      for (const [query, words] of [
        ["sslmode=require", "has no TLS, and sslmode in DATABASE_URL asks for it"],
        ["sslrootcert=/nowhere/ca.pem", 'Cannot read the file "/nowhere/ca.pem" that sslrootcert']
      ])
        expect((yield* Effect.flip(schemaOf(`${url}?${query}`))).message).toContain(words)
    })
  )

  it.scopedLive("refuse an address that cannot be read, without a piece of the password", () =>
    Effect.gen(function* () {
      for (const line of yield* answersOf("postgresql://u:p@sesame#1@localhost/x")) {
        expect(line).toMatch(/DATABASE_URL: It has "#" in the user or the password: percent-encode/)
        expect(line).not.toContain("sesame")
      }
    })
  )
})

describe("Facts.troublesOf", () => {
  const well: Facts = {
    version: 170_000,
    words: "17.0",
    database: "x",
    user: "u",
    encoding: "UTF8",
    dateStyle: "ISO, MDY",
    schema: "public",
    hasSchema: null,
    isReadOnly: false,
    isReplica: false,
    mayCreate: true,
    mayCreateSchema: true,
    mayWrite: true,
    migration: latest
  }

  it("finds nothing where all is well, nor where nothing is pending", () => {
    expect(troublesOf(well)).toEqual([])
    expect(troublesOf({ ...well, mayCreate: false })).toEqual([])
    expect(troublesOf({ ...well, schema: null, hasSchema: false, migration: 0 }, "mine")).toEqual(
      []
    )
  })

  it("names a replica before what follows from it, an old server, and a missing schema", () => {
    const only = (facts: Partial<Facts>, named?: string) =>
      troublesOf({ ...well, ...facts }, named).map(({ message }) => message)
    expect(only({ isReplica: true, isReadOnly: true })).toEqual([
      "it is a replica, and read-only: DATABASE_URL has to name the primary"
    ])
    expect(only({ version: 130_010, words: "13.10" })).toEqual([
      "Postgres 13.10 is too old: 14 or newer is needed"
    ])
    expect(only({ schema: null })[0]).toMatch(/^there is no schema to make tables in/)
    expect(only({ schema: "public", hasSchema: true }, "mine")[0]).toMatch(/grant usage, create on/)
  })
})
