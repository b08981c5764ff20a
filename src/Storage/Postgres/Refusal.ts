/** Reasons for which Postgres, or a pooler in front of it, cannot be used, with the remedy. */
import type * as AppConfig from "../../AppConfig.ts"
import { codeOf, detailOf } from "../../Domain/ErrorDetail.ts"
import { reasonOf } from "../../Domain/Reach.ts"
import { isTimeout } from "../Failure.ts"

/** The host and port for messages, or the socket. */
export const placeOf = ({ host = process.env.PGHOST ?? "localhost", port }: AppConfig.Address) => {
  const number = port ?? Number(process.env.PGPORT ?? 5432)
  if (host.startsWith("/")) return `${host}/.s.PGSQL.${number}`
  return `${host.includes(":") ? `[${host}]` : host}:${number}`
}

const quoted = (name: string | undefined) =>
  name === undefined ? "of this connection" : `"${name}"`

/** One line, by the error's code and words. Postgres' words name the user and the database, and never the password. */
export const refusalOf = (error: unknown, address: AppConfig.Address): string => {
  const at = placeOf(address)
  const words = detailOf(error)
  return (
    bySqlState(codeOf(error) ?? "", words, at) ??
    byWords(words, address, at) ??
    byCode(codeOf(error) ?? "", at) ??
    (isTimeout(error) ? reasonOf("ETIMEDOUT", at, "DATABASE_URL") : undefined) ??
    `it cannot be used: ${words}`
  )
}

const bySqlState = (code: string, words: string, at: string): string | undefined => {
  switch (code) {
    case "28P01":
      return `Postgres at ${at} refuses the password, or knows no such user: ${words}; in DATABASE_URL the characters of a password that are not letters and digits have to be percent-encoded ("%" as %25), in PGPASSWORD not`
    case "28000":
      return /no encryption|SSL off/i.test(words)
        ? `Postgres at ${at} lets nobody in without TLS: add ?sslmode=require to DATABASE_URL (${words})`
        : `Postgres at ${at} does not let this user in from here (pg_hba.conf): ${words}`
    case "3D000":
      return `Postgres at ${at} has no such database: ${words}; create it, or name another one in DATABASE_URL`
    case "42501":
      return `Postgres at ${at} does not allow it: ${words}; grant it, or use the owner of the database`
    case "53300":
      return `Postgres at ${at} has no connection left: raise max_connections, or close some`
    case "53100":
      return `the disk of Postgres at ${at} is full: free some space`
    case "57P03":
      return `Postgres at ${at} is starting or stopping: wait a moment`
    default:
      return undefined
  }
}

/** PgBouncer, Supavisor and Neon give one code to all of their errors. */
const byWords = (
  words: string,
  { schema, user }: AppConfig.Address,
  at: string
): string | undefined => {
  if (/statement pooling mode/.test(words))
    return `the pooler at ${at} is in statement mode, which has no transactions: use its transaction mode (pool_mode), or Postgres itself`
  if (/unsupported startup parameter/.test(words))
    return schema === undefined
      ? `the pooler at ${at} does not take a parameter of the session (${words}): remove it from DATABASE_URL, and set it for the user: alter role ${quoted(user)} set …`
      : `the pooler at ${at} does not take the schema (${words}): remove schema from DATABASE_URL, and set it for the user: alter role ${quoted(user)} set search_path = "${schema}"`
  if (
    /no such database|no such user|no more connections allowed|MaxClients|max clients/i.test(words)
  )
    return `the pooler at ${at} refuses: ${words}`
  if (/server does not support SSL/.test(words))
    return `Postgres at ${at} has no TLS, and sslmode in DATABASE_URL asks for it: turn it on there, or use sslmode=disable in a network that you trust`
  if (/password must be a string|no password supplied/i.test(words))
    return `Postgres at ${at} asks for a password, and there is none: put it into DATABASE_URL, or into PGPASSWORD`
  if (/establishing an SSL connection/.test(words))
    return `something answers at ${at} that is not Postgres: are host and port of DATABASE_URL right?`
  return undefined
}

const byCode = (code: string, at: string): string | undefined => {
  switch (code) {
    case "ENOENT":
      return `there is no socket at ${at}: is Postgres running here, and is the directory right, as seen from here?`
    case "EACCES":
      return `this user (uid ${process.getuid?.() ?? "unknown"}) may not use the socket at ${at}`
    case "ECONNRESET":
    case "EPIPE":
      return `${at} hung up: are host and port those of Postgres, and does it want TLS (sslmode=require)?`
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return `the certificate of ${at} is of no authority that is trusted here: add sslrootcert=FILE with the authority's certificate to DATABASE_URL, or use sslmode=no-verify, which encrypts and does not ask who answers`
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `the certificate of ${at} is for another name: name the host as the certificate does, or use sslmode=verify-ca`
    default:
      return reasonOf(code, at, "DATABASE_URL")
  }
}
