/** What the calls of `Endpoints` share. */
import { SqlClient } from "@effect/sql"
import { Effect, Option } from "effect"
import { Settings as Environment } from "../../AppConfig/Settings.ts"
import { EndpointNotFound, EndpointRefused, type Settings } from "../../Domain/Endpoint.ts"
import { Secrets } from "../../Telemetry/Secrets.ts"
import { Guard } from "../Guard.ts"
import type { Cipher } from "./Cipher.ts"
import * as Credentials from "./Credentials.ts"
import * as Keys from "./Keys.ts"
import * as Memory from "./Memory.ts"
import type { Entry } from "./Rows.ts"
import * as Table from "./Table.ts"
import * as Vault from "./Vault.ts"
import type { Wanted } from "./Wanted.ts"

/** Two callers who change one endpoint at the same time are rare. */
const tries = 5

export const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const environment = yield* Environment
  const secrets = yield* Secrets
  const table = yield* Table.make
  const memory = yield* Memory.make(table)
  const { objection } = yield* Guard

  /** Refuses an address that no delivery can reach; the guard checks each connection all the same. */
  const guarded = ({ target }: Settings, before?: Settings) =>
    Effect.suspend(() => {
      if (target.type !== "webhook") return Effect.void
      const isOld = before?.target.type === "webhook" && before.target.url === target.url
      const why = isOld ? undefined : objection(new URL(target.url))
      return why === undefined
        ? Effect.void
        : new EndpointRefused({ message: `target: url: Cannot be reached: ${why}` })
    })

  /** A generated key is printed when it is made: not before a secret needs it. */
  const cipher = yield* Effect.cached(Effect.provideService(Keys.cipher, Environment, environment))

  const get = (id: string) =>
    Effect.suspend(() => Option.fromNullable(memory.get(id))).pipe(
      Effect.mapError(() => EndpointNotFound.of(id))
    )

  /** Reads the row, and writes what comes of it, unless another caller was quicker: then it begins anew. */
  const change = <E, R>(id: string, next: (entry: Entry) => Effect.Effect<Table.Next, E, R>) => {
    const once = Effect.gen(function* () {
      const entry = yield* table.read(id)
      return yield* table.replace(entry, yield* next(entry))
    })
    return memory.put(
      once.pipe(
        Effect.repeat({ until: Option.isSome, times: tries }),
        Effect.flatMap(
          Option.match({
            onNone: () => Effect.dieMessage(`The endpoint ${id} changes all the time`),
            onSome: Effect.succeed
          })
        )
      )
    )
  }

  return {
    sql,
    environment,
    /** Logs and answers are scrubbed of these. */
    secrets,
    table,
    memory,
    cipher,
    forWriting: Effect.mapError(
      Credentials.orOurs(cipher),
      ({ message }) => new EndpointRefused({ message })
    ),
    guarded,
    get,
    change
  }
})
export type Room = Effect.Effect.Success<typeof make>

/** With the values of headers that were given, and those that are kept. */
export const sealed = (
  id: string,
  vault: Vault.Vault,
  cipher: Cipher,
  { headers, settings }: Wanted
): Vault.Vault =>
  settings.target.type === "webhook" ? Vault.withHeaders({ cipher, id }, vault, headers) : vault
