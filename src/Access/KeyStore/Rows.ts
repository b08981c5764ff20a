/** Rows of the table `keys`. */
import { Option, Schema } from "effect"
import { NamePattern, Scope } from "../../Domain/Key.ts"
import { ServerId } from "../../Domain/Server.ts"
import type { Entry } from "./Copy.ts"

const Time = Schema.NullOr(Schema.DateTimeUtcFromDate)

const Row = Schema.Struct({
  id: Schema.UUID,
  name: Schema.String,
  hash: Schema.String,
  scope: Scope,
  instances: Schema.NullOr(Schema.Array(NamePattern)),
  servers: Schema.NullOr(Schema.Array(ServerId)),
  created_at: Schema.DateTimeUtcFromDate,
  expires_at: Time,
  revoked_at: Time,
  last_used_at: Time
})

/** A row as it is read. It may have columns and values of a later version. */
export interface Found {
  readonly id: string
  readonly change: string
}

const decode = Schema.decodeUnknownOption(Row)

/** The keys, and the ids of rows that do not decode. */
export const entriesOf = (rows: ReadonlyArray<Found>) => {
  const entries: Array<Entry> = []
  const unread: Array<string> = []
  for (const row of rows)
    Option.match(decode(row), {
      onNone: () => unread.push(row.id),
      onSome: (decoded) => entries.push(toEntry(decoded))
    })
  return { entries, unread }
}

/** The number of the last change among these rows; at least `least`. */
export const lastChange = (rows: ReadonlyArray<Found>, least: number): number =>
  rows.reduce((last, { change }) => Math.max(last, Number(change)), least)

const toEntry = ({
  created_at: createdAt,
  expires_at: expiresAt,
  hash,
  last_used_at: lastUsedAt,
  revoked_at: revokedAt,
  ...key
}: typeof Row.Type): Entry => [hash, { ...key, createdAt, expiresAt, revokedAt, lastUsedAt }]
