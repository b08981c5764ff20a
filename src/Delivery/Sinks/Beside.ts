/** What Evolution's own webhook sends beside an event, and the log does not have. */
import { SqlClient } from "@effect/sql"
import { Effect } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import { loop } from "../../Concurrency/Supervise.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { Endpoints } from "../Endpoints.ts"
import type { Beside } from "../Shape.ts"

/** A number that was just paired is left out of bodies for so long. */
const lookEvery = "15 seconds"

interface Row {
  readonly server: string
  readonly name: string
  readonly phone: string
}

const keyOf = (server: string, instance: string): string => `${server} ${instance}`

export const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { all } = yield* Endpoints
  const urls = new Map<string, string>()
  const ids = yield* AppConfig.servers
  yield* AppConfig.forEachServer((id) =>
    Effect.map(AppConfig.Evolution, ({ url }) => urls.set(id, url.href.replace(/\/+$/, "")))
  )
  let phones = new Map<string, string>()

  const look = sql<Row>`
    select server, name, phone from instances where phone is not null`.pipe(
    Effect.tap((rows) =>
      Effect.sync(() => {
        phones = new Map(rows.map(({ name, phone, server }) => [keyOf(server, name), phone]))
      })
    ),
    Effect.catchAll((error) =>
      Effect.logDebug(`Cannot read the numbers of instances: ${detailOf(error)}`)
    )
  )
  const isWanted = Effect.map(all, (endpoints) =>
    endpoints.some(({ settings, state }) => settings.shape === "evolution" && state === "active")
  )
  yield* loop(
    "reader of the numbers of instances",
    Effect.forever(Effect.zipRight(Effect.whenEffect(look, isWanted), Effect.sleep(lookEvery)))
  )

  const beside: Beside = {
    sender: (server, instance) => {
      const phone = phones.get(keyOf(server, instance))
      return phone === undefined ? undefined : `${phone}@s.whatsapp.net`
    },
    serverUrl: (server) => urls.get(server === "" ? ids[0] : server)
  }
  return beside
})
