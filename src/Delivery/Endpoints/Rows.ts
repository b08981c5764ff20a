/** Rows of the table `endpoints`. */
import { Option, Schema } from "effect"
import { Endpoint, Settings } from "../../Domain/Endpoint.ts"
import { Vault } from "./Vault.ts"

const Texts = Schema.NullOr(Schema.Array(Schema.String))

const Row = Schema.Struct({
  id: Schema.UUID,
  settings: Settings,
  secrets: Vault,
  state: Endpoint.fields.state,
  reason: Schema.NullOr(Schema.String),
  source: Endpoint.fields.source,
  bound_instances: Texts,
  bound_servers: Texts,
  starts_after: Schema.NumberFromString,
  generation: Schema.Int,
  created_at: Schema.DateTimeUtcFromDate,
  updated_at: Schema.DateTimeUtcFromDate,
  change: Schema.String
})

/** A row as it is read. It may have columns and values of a later version. */
export interface Found {
  readonly id: string
  readonly name: string
}

/** An endpoint, and what its row has beside. */
export interface Entry {
  readonly endpoint: Endpoint
  readonly vault: Vault
  readonly startsAfter: number
  /** The number of its last change. */
  readonly change: string
}

const decode = Schema.decodeUnknownOption(Row)

/** `None`: a later version may have written it. */
export const entryOf = (row: Found): Option.Option<Entry> =>
  Option.map(decode(row), (decoded) => {
    const { change, generation, id, reason, secrets, settings, source, state } = decoded
    return {
      endpoint: {
        id,
        settings,
        state,
        reason,
        source,
        bounds: { instances: decoded.bound_instances, servers: decoded.bound_servers },
        generation,
        createdAt: decoded.created_at,
        updatedAt: decoded.updated_at
      },
      vault: secrets,
      startsAfter: decoded.starts_after,
      change
    }
  })

/** The entries, and the rows that do not decode. */
export const entriesOf = (rows: ReadonlyArray<Found>) => {
  const entries: Array<Entry> = []
  const unread: Array<Found> = []
  for (const row of rows)
    Option.match(entryOf(row), {
      onNone: () => unread.push(row),
      onSome: (entry) => entries.push(entry)
    })
  return { entries, unread }
}

const encodeSettings = Schema.encodeSync(Settings)
const encodeVault = Schema.encodeSync(Vault)

export const settingsText = (settings: Settings): string => JSON.stringify(encodeSettings(settings))
export const vaultText = (vault: Vault): string => JSON.stringify(encodeVault(vault))

/** `null` as SQL has it; sorted, so that the same bounds are one text. */
export const boundsText = (bounds: ReadonlyArray<string> | null): string | null =>
  bounds === null ? null : JSON.stringify([...new Set(bounds)].sort())
