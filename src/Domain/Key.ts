/** Permissions: keys, their scopes, and the instances they are bound to. */
import { Context, DateTime, Schema } from "effect"
import { ServerId } from "./Server.ts"

/**
 * `read`: states, gaps, events. `operate`: also codes (a code links a phone) and commands. `admin`: also
 * keys and the audit. Each scope includes the ones before it.
 */
export const Scope = Schema.Literal("read", "operate", "admin")
export type Scope = typeof Scope.Type

/** An instance's name, where `*` stands for any text: `shop-*`. `\\*` is an asterisk, and `\\\\` a backslash. */
export const NamePattern = Schema.String.pipe(
  Schema.pattern(/^(?:[^\0\p{Surrogate}\\]|\\[\\*]){1,255}$/u, {
    message: () =>
      'A pattern has 1 to 255 characters: "*" is any text, "\\*" an asterisk, "\\\\" a backslash',
    jsonSchema: { minLength: 1, maxLength: 510 }
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
  /** The Evolution servers of these instances; `null`: all servers. */
  servers: Schema.NullOr(Schema.Array(ServerId)),
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

/** The caller of a request. */
export class Caller extends Context.Tag("evolution-listener/Caller")<
  Caller,
  {
    /** `null`: the key of the environment, or a token that stands for it. */
    readonly id: string | null
    readonly name: string
    readonly scope: Scope
    readonly instances: ReadonlyArray<string> | null
    readonly servers: ReadonlyArray<string> | null
  }
>() {}

const ranks: Readonly<Record<Scope, number>> = { read: 0, operate: 1, admin: 2 }

export const holds = ({ scope }: Caller["Type"], wanted: Scope): boolean =>
  ranks[scope] >= ranks[wanted]

/**
 * A regular expression of the names that patterns match, in JavaScript's dialect and in Postgres'. JavaScript's
 * needs the flag `s`, as a name may have several lines.
 */
export const expressionOf = (patterns: ReadonlyArray<string>): string =>
  `^(${patterns.map((pattern) => pattern.replaceAll(/\\?[\s\S]/gu, expressionOfOne)).join("|")})$`

/** One character of a pattern, or one with its backslash. */
const expressionOfOne = (one: string): string => {
  if (one === "*") return ".*"
  const plain = one.length > 1 && one.startsWith("\\") ? one.slice(1) : one
  return plain.replace(/[\\^$.*+?()[\]{}|]/, "\\$&")
}

/** True for the names that one of the patterns matches. */
export const matcherOf = (patterns: ReadonlyArray<string>): ((name: string) => boolean) => {
  const expression = new RegExp(expressionOf(patterns), "s")
  return (name) => expression.test(name)
}

/** True if a caller may know of an instance of a server. */
export const sees = ({
  instances,
  servers
}: Caller["Type"]): ((instance: string, server: string) => boolean) => {
  const isNamed = instances === null ? () => true : matcherOf(instances)
  return servers === null
    ? isNamed
    : (instance, server) => servers.includes(server) && isNamed(instance)
}

/** True if a caller may know of a server. */
export const seesServer = ({ servers }: Caller["Type"], server: string): boolean =>
  servers === null || servers.includes(server)
