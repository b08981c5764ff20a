/** New endpoints, and those of the file. */
import { randomUUID } from "node:crypto"
import { DateTime, Effect, Option, Redacted } from "effect"
import { EndpointRefused } from "../../Domain/Endpoint.ts"
import * as Signature from "../Signature.ts"
import type { EndpointWanted } from "./Asked.ts"
import type { Cipher } from "./Cipher.ts"
import * as Place from "./Place.ts"
import { type Room, sealed } from "./Room.ts"
import { type Entry, settingsText } from "./Rows.ts"
import * as Table from "./Table.ts"
import * as Vault from "./Vault.ts"
import * as Wanted from "./Wanted.ts"

const unsigned = new EndpointRefused({ message: "secret: Messages to a broker are not signed" })

export const create =
  ({ forWriting, guarded, memory, secrets, sql, table }: Room) =>
  ({ bounds, secret, settings, source = "api", start = "now" }: EndpointWanted) =>
    Effect.gen(function* () {
      const wanted = yield* Wanted.create(settings)
      yield* guarded(settings)
      const isSigned = settings.target.type === "webhook"
      if (!isSigned && secret !== undefined) return yield* unsigned
      const id = randomUUID()
      const startsAfter = yield* Place.startOf(sql, start)
      const signing = secret ?? (yield* Signature.generate)
      const vault = isSigned
        ? yield* Effect.map(Effect.all([forWriting, DateTime.now]), ([cipher, now]) =>
            sealed(id, Vault.rotated({ cipher, id }, Vault.empty, signing, now), cipher, wanted)
          )
        : Vault.empty
      if (isSigned) secrets.add([signing])
      const { endpoint } = yield* memory.put(
        table.insert({
          id,
          settings: wanted.settings,
          vault,
          source,
          bounds: bounds ?? { instances: null, servers: null },
          startsAfter
        })
      )
      return { endpoint, secret: isSigned ? Option.some(signing) : Option.none() }
    })

type Values = Readonly<Record<string, Redacted.Redacted>>

const areSame = (some: Values, others: Values): boolean => {
  const names = Object.keys(some)
  return (
    names.length === Object.keys(others).length &&
    names.every((name) => {
      const [one, other] = [some[name], others[name]]
      return (
        one !== undefined && other !== undefined && Redacted.value(one) === Redacted.value(other)
      )
    })
  )
}

const newestIs = ([newest]: ReadonlyArray<Redacted.Redacted>, secret: Redacted.Redacted) =>
  newest !== undefined && Redacted.value(newest) === Redacted.value(secret)

/** What the file has for an endpoint; the same again writes nothing. */
export const settle =
  ({ change, forWriting, guarded, secrets, table }: Room) =>
  (id: string, { secret, settings }: Pick<EndpointWanted, "secret" | "settings">) =>
    Effect.gen(function* () {
      const wanted = yield* Wanted.create(settings)
      yield* guarded(settings)
      const cipher = yield* forWriting
      const now = yield* DateTime.now
      const isSigned = settings.target.type === "webhook"
      if (!isSigned && secret !== undefined) return yield* unsigned
      const next = ({ vault }: Entry) => {
        const withSecret =
          secret === undefined || newestIs(Vault.open({ cipher, id }, vault, now).signing, secret)
            ? vault
            : Vault.rotated({ cipher, id }, vault, secret, now)
        return { vault: sealed(id, withSecret, cipher, wanted), settings: wanted.settings }
      }
      const isAsWanted = (entry: Entry) => isTheSame({ cipher, id }, entry, wanted, secret, now)
      const before = yield* table.read(id)
      if (isAsWanted(before)) return { endpoint: before.endpoint, hasChanged: false }
      if (secret !== undefined) secrets.add([secret])
      const { endpoint } = yield* change(id, (entry) =>
        Effect.succeed({ ...next(entry), source: "file" as const })
      ).pipe(Table.orTaken(settings.name))
      return { endpoint, hasChanged: true }
    })

const isTheSame = (
  of: { readonly cipher: Cipher; readonly id: string },
  { endpoint: { settings, source }, vault }: Entry,
  wanted: Wanted.Wanted,
  secret: Redacted.Redacted | undefined,
  now: DateTime.Utc
): boolean => {
  const { headers, signing } = Vault.open(of, vault, now)
  return (
    source === "file" &&
    settingsText(settings) === settingsText(wanted.settings) &&
    areSame(headers, wanted.headers as Values) &&
    (secret === undefined || newestIs(signing, secret))
  )
}
