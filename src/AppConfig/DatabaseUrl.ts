/**
 * The address of a Postgres, read strictly: an address that two readers could understand differently is
 * refused, as one of them would print a piece of the password as a host. No message has a piece of the
 * address.
 *
 * The form is libpq's (https://www.postgresql.org/docs/current/libpq-connect.html, "Connection URIs"), with
 * `pg`'s own `ssl` and `sslmode=no-verify`, and Prisma's `schema` and `connection_limit`.
 */
import { Either, Redacted } from "effect"
import { halves } from "./Halves.ts"
import { type TlsMode, tlsMode } from "./TlsMode.ts"

export interface Tls {
  /** `undefined`: as `PGSSLMODE` says, else without TLS. */
  readonly mode: TlsMode | undefined
  /** Files: the authority's certificate, and ours with its key. */
  readonly root: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
  /** `sslnegotiation=direct`, `channel_binding=require` */
  readonly isDirect: boolean
  readonly isBound: boolean
}

/** What is `undefined` comes from libpq's variables (`PGHOST`, `PGUSER` and others) and defaults. */
export interface Address {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string | undefined
  readonly port: number | undefined
  readonly user: string | undefined
  readonly password: Redacted.Redacted | undefined
  readonly database: string | undefined
  /** The schema of our tables, if the address names one. */
  readonly schema: string | undefined
  /** The connections that may be open at once, at most. */
  readonly connections: number | undefined
  readonly tls: Tls
  /** Parameters of the session, as `pg` names them. */
  readonly session: Readonly<Record<string, string>>
}

const example = "postgresql://user:password@host:5432/name"
const expected = `Expected an address such as ${example}`

const apart = "or leave the password out and set PGPASSWORD"

export const parse = (text: string): Either.Either<Address, string> =>
  Either.gen(function* () {
    const rest = yield* withoutScheme(text.trim())
    yield* unambiguous(rest)
    const [front, query] = halves(rest, "?")
    const [authority, path] = halves(front, "/")
    const given = new URLSearchParams(query)
    const of = (name: string) => given.get(name) || undefined
    const at = authority.lastIndexOf("@")
    const [user, password] = halves(authority.slice(0, Math.max(0, at)), ":")
    const { host, port } = yield* place(
      authority.slice(at + 1),
      of("host") ?? of("hostaddr"),
      of("port")
    )
    yield* primary(of("target_session_attrs"))
    const secret = of("password") ?? ((yield* decoded(password)) || undefined)
    return {
      host,
      port,
      user: of("user") ?? ((yield* decoded(user)) || undefined),
      password: secret === undefined ? undefined : Redacted.make(secret),
      database: of("dbname") ?? ((yield* decoded(path)) || undefined),
      schema: of("schema") ?? of("currentSchema"),
      connections: yield* count("connection_limit", of("connection_limit")),
      tls: {
        mode: yield* tlsMode(of),
        root: of("sslrootcert"),
        certificate: of("sslcert"),
        key: of("sslkey"),
        isDirect: of("sslnegotiation") === "direct",
        isBound: of("channel_binding") === "require"
      },
      session: Object.fromEntries(
        sessionParameters.flatMap((name) => {
          const value = of(name)
          return value === undefined ? [] : [[name, value]]
        })
      )
    }
  })

const sessionParameters = [
  "application_name",
  "options",
  "statement_timeout",
  "lock_timeout",
  "idle_in_transaction_session_timeout"
]

/** Mistakes of copying, which no reader of addresses would explain. */
const withoutScheme = (text: string): Either.Either<string, string> => {
  if (/^["'`]|["'`]$/.test(text))
    return Either.left(
      "It has quotation marks around it, which are taken as a part of it: remove them"
    )
  if (/^(?:export\s|DATABASE_URL\s*=|psql\s)/.test(text))
    return Either.left(`Expected the address alone, such as ${example}`)
  if (/^jdbc:|^\w+\+\w+:/.test(text))
    return Either.left(
      `It is an address for another library: begin it with postgresql:// (${example})`
    )
  if (/^[\w ]+=/.test(text))
    return Either.left(`It is a list of names and values: write it as an address (${example})`)
  return Either.fromNullable(/^postgres(?:ql)?:\/\/(.*)/is.exec(text)?.[1], () => expected)
}

/** Parameters in which an "@" is a part of the value, as in Azure's `user=name@server`. */
const mayHaveAt = /^(?:user|password|options|application_name)=/

/**
 * The first of `/`, `?` and `#` ends the part with user, password and host. If an "@" follows it, it was
 * meant as a character of the password.
 */
const unambiguous = (rest: string): Either.Either<void, string> => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
  if (/[\u0000-\u001f\u007f]/.test(rest))
    return Either.left(
      `It has a line break or another control character in it: remove it; in the password, percent-encode it, ${apart}`
    )
  const end = rest.search(/[/?#]/)
  const tail = end < 0 ? "" : rest.slice(end)
  const [path, query] = halves(tail, "?")
  const isMeant =
    !path.includes("@") &&
    query.split("&").every((pair) => !pair.includes("@") || mayHaveAt.test(pair))
  if (tail.includes("#") || !isMeant) {
    const before = isMeant ? rest : rest.slice(0, rest.lastIndexOf("@"))
    const found = ["/", "?", "#"].filter((character) =>
      isMeant ? character === "#" : before.includes(character)
    )
    const [it, codes] = [
      found.map((character) => `"${character}"`).join(" and "),
      found.map((character) => `"${character}" as ${encodeURIComponent(character)}`).join(", ")
    ]
    return Either.left(
      `It has ${it} in the user or the password: percent-encode ${found.length === 1 ? "it" : "them"} (${codes}), ${apart}`
    )
  }
  return Either.void
}

const decoded = (text: string): Either.Either<string, string> => {
  if (/%(?![0-9a-f]{2})/i.test(text))
    return Either.left(
      `It has a "%" that encodes nothing: percent-encode it ("%" as %25), ${apart}`
    )
  return Either.flatMap(
    Either.mapLeft(
      Either.try(() => decodeURIComponent(text)),
      () =>
        `It has percent-encoded bytes that are not UTF-8: encode each character in UTF-8, ${apart}`
    ),
    (plain) =>
      plain.includes("\0")
        ? Either.left("It has a %00, which Postgres cannot have")
        : Either.right(plain)
  )
}

const place = (
  written: string,
  host: string | undefined,
  port: string | undefined
): Either.Either<Pick<Address, "host" | "port">, string> =>
  Either.gen(function* () {
    if (written.includes(",") || host?.includes(","))
      return yield* Either.left(
        "It names several hosts, and one is used here: name the primary's, or a name that moves with it"
      )
    const match = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]]*))(?::(.*))?$/i.exec(written)
    const [, bracketed, plain = "", digits] = match ?? []
    if (match === null || (bracketed === undefined && digits?.includes(":")))
      return yield* Either.left(
        "Its host is no name and no address: an IPv6 address stands between [ and ]; the characters of a password that are not letters and digits have to be percent-encoded"
      )
    const name = bracketed ?? (yield* decoded(plain))
    if (!/^\/|^[\p{L}\p{N}._:%-]*$/u.test(name))
      return yield* Either.left(
        `Its host is no name: percent-encode the characters of the password that are not letters and digits, ${apart}`
      )
    return {
      host: host ?? (name || undefined),
      port: yield* count("port", port ?? (digits || undefined), 65_535)
    }
  })

const count = (
  name: string,
  text: string | undefined,
  most = Number.MAX_SAFE_INTEGER
): Either.Either<number | undefined, string> => {
  if (text === undefined) return Either.right(undefined)
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= most
    ? Either.right(number)
    : Either.left(
        name === "port"
          ? `Its port is no number from 1 to ${most}: is there an "@" before the host, and is each ":" of the user percent-encoded (":" as %3A)?`
          : `Its ${name} is no number from 1 on`
      )
}

const primary = (attributes: string | undefined): Either.Either<void, string> =>
  /^(?:read-only|standby|prefer-standby)$/.test(attributes ?? "")
    ? Either.left(
        "Its target_session_attrs asks for a replica, and the service writes: name the primary"
      )
    : Either.void
