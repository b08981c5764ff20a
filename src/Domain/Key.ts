/** Permissions: keys, their scopes, and the instances they are bound to. */
import { createHash } from "node:crypto"
import { Context, DateTime, Redacted, Schema } from "effect"

/**
 * `read`: states, gaps, events. `operate`: also codes (a code links a phone) and commands. `admin`: also
 * keys and the audit. Each scope includes the ones before it.
 */
export const Scope = Schema.Literal("read", "operate", "admin")
export type Scope = typeof Scope.Type

/** An instance's name, where `*` stands for any text: `shop-*`. */
export const NamePattern = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9_*-]{1,100}$/, {
    message: () => 'A pattern has 1 to 100 letters, digits, "_", "-" or "*"'
  })
)

/** A key as it is stored and shown: without the secret itself. */
export const Key = Schema.Struct({
  id: Schema.UUID,
  /** For people, and the audit. */
  name: Schema.String,
  scope: Scope,
  /** `null`: all instances. */
  instances: Schema.NullOr(Schema.Array(NamePattern)),
  createdAt: Schema.DateTimeUtc,
  expiresAt: Schema.NullOr(Schema.DateTimeUtc),
  revokedAt: Schema.NullOr(Schema.DateTimeUtc),
  /** To within a minute. */
  lastUsedAt: Schema.NullOr(Schema.DateTimeUtc)
}).annotations({ identifier: "Key" })
export type Key = typeof Key.Type

/** False once a key is revoked or expired. */
export const isValid = ({ expiresAt, revokedAt }: Key, now: DateTime.Utc): boolean =>
  revokedAt === null && (expiresAt === null || DateTime.lessThan(now, expiresAt))

/** A plain hash is enough, since keys have 256 random bits. */
export const hashOf = (key: Redacted.Redacted): string =>
  createHash("sha256").update(Redacted.value(key)).digest("hex")

/** The caller of a request. */
export class Caller extends Context.Tag("evolution-listener/Caller")<
  Caller,
  {
    /** `null`: the key of the environment, or a token that stands for it. */
    readonly id: string | null
    readonly name: string
    readonly scope: Scope
    readonly instances: ReadonlyArray<string> | null
  }
>() {}

const ranks: Readonly<Record<Scope, number>> = { read: 0, operate: 1, admin: 2 }

export const holds = ({ scope }: Caller["Type"], wanted: Scope): boolean =>
  ranks[scope] >= ranks[wanted]

/** A regular expression, in JavaScript's dialect and in Postgres', of the names that patterns match. */
export const expressionOf = (patterns: ReadonlyArray<string>): string =>
  `^(${patterns.map((pattern) => pattern.replaceAll("*", ".*")).join("|")})$`

/** True if a caller may know of an instance. */
export const sees = ({ instances }: Caller["Type"]): ((instance: string) => boolean) => {
  if (instances === null) return () => true
  const expression = new RegExp(expressionOf(instances))
  return (instance) => expression.test(instance)
}
