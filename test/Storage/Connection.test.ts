import { execFileSync, spawnSync } from "node:child_process"
import { chownSync, copyFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Sql from "../../src/Storage/Sql.ts"
import { startCluster } from "../support/PostgresCluster.ts"
import { temporaryDirectory } from "../support/ServiceProcess.ts"
import { settings } from "../support/settings.ts"

const testDatabaseUrl = process.env.TEST_DATABASE_URL

/** A cluster with TLS, by a certificate of its own authority for another name, and passwords. */
const guarded = (passwords: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const [key, certificate] = [join(directory, "key.pem"), join(directory, "cert.pem")]
    execFileSync(
      "openssl",
      `req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=other.example -keyout ${key} -out ${certificate}`.split(
        " "
      ),
      { stdio: "ignore" }
    )
    const cluster = yield* Effect.acquireRelease(Effect.promise(startCluster), ({ remove }) =>
      Effect.promise(remove)
    )
    const url = yield* Effect.promise(() => cluster.create("guarded"))
    const ask = (statement: string) =>
      Effect.promise(() => cluster.query<{ hba_file: string }>(url, statement))
    const [row] = yield* ask("show hba_file")
    const data = dirname(row?.hba_file ?? "")
    const { gid, uid } = statSync(data)
    for (const [from, to] of [
      [key, "server.key"],
      [certificate, "server.crt"]
    ] as const) {
      copyFileSync(from, join(data, to))
      chownSync(join(data, to), uid, gid)
    }
    for (const [nth, password] of passwords.entries())
      yield* ask(
        `create role keeper${nth} superuser login password '${password.replaceAll("'", "''")}'`
      )
    yield* ask("alter system set ssl = on")
    yield* ask("select pg_reload_conf()")
    return {
      certificate,
      url: new URL(url),
      /** Lets keepers in by their passwords alone, over TLS alone. */
      guard: Effect.suspend(() => {
        writeFileSync(
          join(data, "pg_hba.conf"),
          "host all postgres all trust\nhostssl all all all scram-sha-256\n"
        )
        return ask("select pg_reload_conf()")
      })
    }
  })

const tlsOf = (url: string, variables: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`
  ).pipe(
    Effect.provide(Layer.provide(Sql.layer, settings({ DATABASE_URL: url, ...variables }))),
    Effect.match({ onFailure: ({ message }) => message, onSuccess: ([row]) => row?.ssl })
  )

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0

describe.skipIf(testDatabaseUrl === undefined || !hasOpenssl)(
  "A connection",
  { timeout: 60_000 },
  () => {
    // brianc/node-postgres#2558, #2009, supabase/supabase#17971, sqlpad/sqlpad#954, supabase/pg-toolbelt#88
    it.scopedLive("is encrypted and verified as sslmode says", () =>
      Effect.gen(function* () {
        const { certificate, url } = yield* guarded([])
        const unknown = /is of no authority that is trusted here: add sslrootcert=FILE/
        for (const [query, outcome] of [
          ["sslmode=disable", false],
          ["sslmode=prefer", true],
          ["sslmode=no-verify", true],
          ["sslmode=require", unknown],
          ["sslmode=verify-full", unknown],
          ["sslmode=verify-ca", unknown],
          [`sslmode=verify-ca&sslrootcert=${certificate}`, true],
          [
            `sslmode=require&sslrootcert=${certificate}`,
            /is for another name: .*sslmode=verify-ca/
          ],
          [`sslmode=require&uselibpqcompat=true&sslrootcert=${certificate}`, true]
        ] as const) {
          const found = yield* tlsOf(`${url.href}?${query}`)
          if (typeof outcome === "boolean") expect(found, query).toBe(outcome)
          else expect(found, query).toMatch(outcome)
        }
      })
    )

    // evolution-foundation/evolution-api#1228, PatchMon/PatchMon#394, ankane/pghero#280, rust-postgres/rust-postgres#453
    it.scopedLive("takes a password of any characters, in the address or in PGPASSWORD", () =>
      Effect.gen(function* () {
        const passwords = [
          "p@ss/w#rd?1",
          "%yaron11",
          'it\'s "$Pa$s" \\ `x`',
          "señha-密码-👍",
          " a b "
        ]
        const { guard, url } = yield* guarded(passwords)
        yield* guard
        for (const [nth, password] of passwords.entries()) {
          const own = new URL(url)
          own.username = `keeper${nth}`
          own.searchParams.set("sslmode", "no-verify")
          expect(yield* tlsOf(own.href, { PGPASSWORD: password }), password).toBe(true)
          const wrong = yield* tlsOf(own.href, { PGPASSWORD: `${password}?` })
          expect(wrong).toMatch(/refuses the password, or knows no such user: .*percent-encoded/)
          expect(String(wrong)).not.toContain(password)
          expect(yield* tlsOf(own.href)).toMatch(/asks for a password, and there is none/)
          const address = own.href.replace("@", `:${encodeURIComponent(password)}@`)
          expect(yield* tlsOf(address), password).toBe(true)
          own.searchParams.set("sslmode", "disable")
          expect(yield* tlsOf(own.href, { PGPASSWORD: password })).toMatch(
            /lets nobody in without TLS/
          )
        }
      })
    )
  }
)
