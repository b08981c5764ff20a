/** The settings of TLS, as Node has them. */
import { readFile } from "node:fs/promises"
import type { ConnectionOptions } from "node:tls"
import { Effect } from "effect"
import type * as AppConfig from "../../AppConfig.ts"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import { codeOf, detailOf } from "../../Domain/ErrorDetail.ts"

/** `undefined`: as `PGSSLMODE` says. */
export type Ssl = ConnectionOptions | false | undefined

/** The ways to connect, in the order in which they are tried. */
export const waysOf = (
  tls: AppConfig.Tls
): Effect.Effect<readonly [Ssl, ...ReadonlyArray<Ssl>], DatabaseUnavailable> =>
  Effect.gen(function* () {
    if (tls.mode === "disable") return [false] as const
    const files = yield* Effect.all({
      ca: tls.root === undefined || tls.root === "system" ? none : text("sslrootcert", tls.root),
      cert: tls.certificate === undefined ? none : text("sslcert", tls.certificate),
      key: tls.key === undefined ? none : text("sslkey", tls.key)
    })
    const given = Object.fromEntries(
      Object.entries(files).filter(([, value]) => value !== undefined)
    )
    switch (tls.mode) {
      case undefined:
        return [undefined] as const
      case "prefer":
        return [{ ...given, rejectUnauthorized: false }, false] as const
      case "no-verify":
        return [{ ...given, rejectUnauthorized: false }] as const
      case "verify-ca":
        return [{ ...given, checkServerIdentity: () => undefined }] as const
      case "verify-full":
        return [given] as const
    }
  })

const none: Effect.Effect<string | undefined, DatabaseUnavailable> = Effect.succeed(undefined)

const text = (
  parameter: string,
  path: string
): Effect.Effect<string | undefined, DatabaseUnavailable> =>
  Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (error) =>
      new DatabaseUnavailable({
        message: `Cannot read the file "${path}" that ${parameter} in DATABASE_URL names (${codeOf(error) ?? detailOf(error)}): is it there, as seen from here, and readable for this user?`
      })
  })

/** The server has no TLS at all. `pg` has no code for that. */
export const isWithoutTls = (error: unknown): boolean =>
  detailOf(error) === "The server does not support SSL connections"
