/** Starts of a service with a file of endpoints. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Option, Redacted, type Scope } from "effect"
import * as AppConfig from "../../../src/AppConfig.ts"
import { Endpoints } from "../../../src/Delivery/Endpoints.ts"
import * as EndpointsFile from "../../../src/Delivery/EndpointsFile.ts"
import * as Sql from "../../../src/Storage/Sql.ts"
import { temporaryDirectory } from "../../support/ServiceProcess.ts"
import { settings } from "../../support/settings.ts"
import { variables } from "../Endpoints/House.ts"

export const fileOf = (text: string) =>
  Effect.map(temporaryDirectory, (directory) => {
    const path = join(directory, "endpoints.yaml")
    writeFileSync(path, text)
    return path
  })

type Variables = Readonly<Record<string, string>>

/** What the file is read as, or a line for each mistake. */
export const readOf = (text: string, more: Variables = {}) =>
  Effect.gen(function* () {
    const ENDPOINTS_FILE = yield* fileOf(text)
    return yield* EndpointsFile.wanted.pipe(
      Effect.map(Option.getOrThrow),
      Effect.mapError(AppConfig.explain),
      Effect.provide(settings({ ...variables, ...more, ENDPOINTS_FILE }))
    )
  }).pipe(Effect.scoped)

/** A service that began with this file. */
export const startedWith = (
  text: string,
  more: Variables = {}
): Effect.Effect<Endpoints["Type"], unknown, SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function* () {
    const ENDPOINTS_FILE = yield* fileOf(text)
    const services = yield* Layer.build(
      Layer.fresh(
        EndpointsFile.layer.pipe(
          Layer.provideMerge(Endpoints.layer),
          Layer.provide(settings({ ...variables, ...more, ENDPOINTS_FILE }))
        )
      )
    )
    return Context.get(services, Endpoints)
  })

/** A service that began with the file, and has ended, on a database that it migrated. */
export const startedOn = (url: string, ENDPOINTS_FILE: string, given: Variables) =>
  Effect.asVoid(
    Layer.build(
      Layer.fresh(
        EndpointsFile.layer.pipe(
          Layer.provide(Endpoints.layer),
          Layer.provide(Sql.layerPostgres(Redacted.make(url))),
          Layer.provide(settings({ ...given, ENDPOINTS_FILE }))
        )
      )
    )
  ).pipe(Effect.scoped)

/** What a check says of each endpoint. */
export const previewOf = (text: string, more: Variables = {}) =>
  Effect.gen(function* () {
    const ENDPOINTS_FILE = yield* fileOf(text)
    return yield* Effect.provide(
      EndpointsFile.preview,
      settings({ ...variables, ...more, ENDPOINTS_FILE })
    )
  }).pipe(Effect.scoped)
