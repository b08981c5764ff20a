/** A database of its own on the native Postgres, with roles as people have them. */
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { promisify } from "node:util"
import { Effect, Layer, Redacted } from "effect"
import pg from "pg"
import { detailOf } from "../../../src/Domain/ErrorDetail.ts"
import * as Sql from "../../../src/Storage/Sql.ts"
import { freshDatabaseUrl } from "../../support/databases.ts"
import { makeLines } from "../../support/Lines.ts"

export const testDatabaseUrl = process.env.TEST_DATABASE_URL ?? ""

export const fresh = Effect.suspend(() => freshDatabaseUrl(testDatabaseUrl))

/** Rows of one statement, on a connection of its own. */
export const run = (url: URL, statement: string) =>
  Effect.promise(async () => {
    const client = new pg.Client({ connectionString: url.href.replace(/\?schema=.*$/, "") })
    await client.connect()
    try {
      const answer = await client.query(statement)
      return answer.rows as ReadonlyArray<Record<string, unknown>>
    } finally {
      await client.end()
    }
  })

/** Postgres' words for a statement that fails; of one that does not, none. */
export const refusal = (url: URL, statement: string) =>
  run(url, statement).pipe(
    Effect.as(""),
    Effect.catchAllDefect((error) => Effect.succeed(detailOf(error)))
  )

/** A role that is dropped with the scope, and the database's address for it. */
export const role = (url: URL, attributes = "login") =>
  Effect.gen(function* () {
    const name = `views_${randomBytes(6).toString("hex")}`
    const admin = new URL(testDatabaseUrl)
    yield* Effect.acquireRelease(run(admin, `create role ${name} ${attributes}`), () =>
      Effect.zipRight(run(url, `drop owned by ${name} cascade`), run(admin, `drop role ${name}`))
    )
    const own = new URL(url)
    own.username = name
    return { name, url: own }
  })

/** Migrates as a start does. Gives the warnings. */
export const start = (url: URL) =>
  Effect.gen(function* () {
    const { layer, lines } = yield* makeLines
    yield* Layer.build(Layer.fresh(Sql.layerPostgres(Redacted.make(url.href)))).pipe(
      Effect.scoped,
      Effect.provide(layer)
    )
    return lines.filter(({ level }) => level === "WARN").map(({ message }) => message)
  })

const program = promisify(execFile)

/** Runs a program of Postgres' on a database. */
export const execute = (name: string, url: URL, ...args: ReadonlyArray<string>) =>
  Effect.promise(() => program(name, [...args, "-d", url.href], { maxBuffer: 64 * 1024 * 1024 }))
