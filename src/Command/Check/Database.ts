/** Checks that the database answers, may be written to, and has the schema of this version. */
import { access, constants } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { Cause, Effect, Exit, Layer, Option } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import * as Embedded from "../../Storage/Embedded.ts"
import { type Facts, facts, type Trouble, troublesOf } from "../../Storage/Facts.ts"
import { latest } from "../../Storage/migrations.ts"
import * as Postgres from "../../Storage/Postgres.ts"
import * as Views from "../../Storage/Views.ts"
import * as Endpoints from "./Endpoints.ts"
import { type Finding, failed, ok, unknown, warning } from "./Finding.ts"

const about = "database"

export const database = Effect.gen(function* () {
  const address = yield* Postgres.configured
  return yield* Option.match(address, {
    onSome: postgres,
    onNone: () => Effect.flatMap(AppConfig.dataDir, embedded)
  })
}).pipe(
  Effect.catchTag("DatabaseUnavailable", ({ message }) =>
    Effect.succeed([
      failed(about, message.replace("Cannot open the database at DATABASE_URL: ", ""))
    ])
  )
)

const postgres = (address: AppConfig.Address) =>
  Effect.map(
    Effect.provide(
      Effect.all([Postgres.examine(address), aboutViews, Endpoints.states]),
      Postgres.layerAt(address)
    ),
    ([found, views, endpoints]) => [
      ...aboutFacts(found, `Postgres ${found.words} at DATABASE_URL`, address.schema),
      ...views,
      ...endpoints
    ]
  )

/** Opening the embedded database would create it, and only one process can have it open. */
const embedded = (directory: string) =>
  Effect.gen(function* () {
    const path = resolve(directory)
    if (!(yield* can(join(path, "pgdata"), constants.F_OK)))
      return [
        (yield* isWritable(path))
          ? ok(about, `the embedded one will be made in "${path}" at the first start`)
          : failed(about, `DATA_DIR "${path}" cannot be written: ${Embedded.reasonOf(path)}`)
      ]
    const exit = yield* Effect.exit(
      Effect.provide(
        Effect.all([facts(), aboutViews, Endpoints.states]),
        Layer.fresh(Embedded.layer(directory))
      )
    )
    return Exit.match(exit, {
      onSuccess: ([found, views, endpoints]): ReadonlyArray<Finding> => [
        ...aboutFacts(found, `the embedded one in "${path}"`, undefined),
        ...views,
        ...endpoints
      ],
      onFailure: (cause) => {
        const error = Cause.squash(cause)
        return [
          error instanceof Error && "_tag" in error && error._tag === "DataDirInUse"
            ? unknown(
                about,
                `another process has "${path}" open; if it is this service, all is well`
              )
            : failed(about, detailOf(error))
        ]
      }
    })
  })

const can = (path: string, mode: number) =>
  Effect.isSuccess(Effect.tryPromise(() => access(path, mode)))

/** True if the directory, or the one that it would be created in, can be written. */
const isWritable = (path: string): Effect.Effect<boolean> =>
  Effect.flatMap(can(path, constants.F_OK), (exists) =>
    exists || dirname(path) === path
      ? can(path, constants.W_OK | constants.X_OK)
      : isWritable(dirname(path))
  )

const aboutFacts = (
  found: Facts,
  words: string,
  schema: string | undefined
): ReadonlyArray<Finding> => {
  const troubles = troublesOf(found, schema)
  const or = (subject: Trouble["about"], otherwise: Finding): Finding => {
    const trouble = troubles.find((one) => one.about === subject)
    return trouble === undefined ? otherwise : failed(subject, trouble.message)
  }
  return [
    or("database", ok(about, words)),
    or("writing", ok("writing", "allowed")),
    or("migrations", aboutMigrations(found.migration))
  ]
}

/** Nothing, where a start makes them. The service runs without them, so this is never a failure. */
const aboutViews = Views.standing.pipe(
  Effect.map(({ obstacle, schema, state }): ReadonlyArray<Finding> => {
    if (obstacle !== null)
      return [warning("views", `none for SQL, or not all of them: ${obstacle}`)]
    return state === "current" ? [ok("views", `all in the schema ${schema ?? ""}`)] : []
  }),
  Effect.catchAll((error) => Effect.succeed([warning("views", detailOf(error))]))
)

const aboutMigrations = (migration: number): Finding => {
  const pending = latest - migration
  if (pending === 0) return ok("migrations", `all ${latest} have run`)
  return pending < 0
    ? warning(
        "migrations",
        `the database is ahead: ${migration} have run, and this version knows ${latest}; use the newer version`
      )
    : warning("migrations", `behind: ${pending} of ${latest} are pending; the next start runs them`)
}
