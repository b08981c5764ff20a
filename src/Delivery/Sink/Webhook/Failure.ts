/** Failures of deliveries by HTTP, told by their kinds. */
import { Duration, Option } from "effect"
import * as Json from "../../../Domain/Json.ts"
import { Forbidden } from "../../Guard.ts"
import { DeliveryFailed, type FailureKind } from "../../Sink.ts"
import type { Headers, Outcome } from "./Exchange.ts"

const excerptChars = 1000
const longestWait = Duration.hours(1)

/** Seconds, or a date (RFC 9110, 10.2.3). `now`: ms since 1970 UTC. */
export const retryAfter = (headers: Headers, now: number): Option.Option<Duration.Duration> => {
  const value = [headers["retry-after"] ?? []].flat()[0]?.trim() ?? ""
  const millis = /^\d{1,15}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  // `Date.parse` takes more than dates of HTTP, such as -1.
  const isGiven = millis > 0 && /^\d+$|^[A-Z][a-z]{2,8}, /.test(value)
  return isGiven ? Option.some(Duration.min(Duration.millis(millis), longestWait)) : Option.none()
}

const kinds: Readonly<Record<number, FailureKind>> = {
  410: "gone",
  429: "busy",
  503: "busy",
  502: "unreachable",
  504: "unreachable"
}

const wordsOf = (status: number): string => {
  if (status >= 300 && status < 400)
    return `The receiver redirects (${status}). Redirects are not followed: the endpoint needs the address at their end`
  if (status === 410) return "The receiver wants no more messages (410)"
  if (status === 429 || status === 503) return `The receiver asks for time (${status})`
  if (status === 502 || status === 504) return `A proxy did not reach the receiver (${status})`
  return `The receiver answered ${status}`
}

/** `scrub` removes secrets from what the receiver said. */
export const ofAnswer = (
  { body, headers, status }: Extract<Outcome, { readonly _tag: "Answered" }>,
  context: {
    readonly now: number
    readonly address: string | undefined
    readonly scrub: (text: string) => string
  }
): DeliveryFailed => {
  const kind = kinds[status] ?? "answered"
  const text = Buffer.concat(body).toString("utf8")
  const excerpt = Json.storable(context.scrub(text).slice(0, excerptChars))
  return new DeliveryFailed({
    kind,
    status,
    message: wordsOf(status),
    address: context.address,
    ...(excerpt !== "" && { excerpt }),
    ...(kind === "busy" &&
      Option.match(retryAfter(headers, context.now), {
        onNone: () => undefined,
        onSome: (wait) => ({ retryAfter: wait })
      }))
  })
}

/** Codes of Node's and undici's errors. */
const ofConnections: Readonly<Record<string, readonly [FailureKind, string]>> = {
  ENOTFOUND: ["unreachable", "its name does not exist"],
  EAI_AGAIN: ["ours", "the name server of this machine does not answer"],
  EAI_FAIL: ["ours", "the name server of this machine fails"],
  EMFILE: ["ours", "this process may open no more files"],
  ENFILE: ["ours", "this machine may open no more files"],
  EADDRNOTAVAIL: ["ours", "this machine has no free port, or no address of that kind"],
  ECONNREFUSED: ["unreachable", "nothing listens at its port"],
  ECONNRESET: ["unreachable", "it closed the connection"],
  EPIPE: ["unreachable", "it closed the connection"],
  UND_ERR_SOCKET: ["unreachable", "it closed the connection"],
  ETIMEDOUT: ["unreachable", "no connection in time"],
  UND_ERR_CONNECT_TIMEOUT: ["unreachable", "no connection in time"],
  EHOSTUNREACH: ["unreachable", "no route leads to it"],
  ENETUNREACH: ["unreachable", "no route leads to it"],
  CERT_HAS_EXPIRED: ["unreachable", "its certificate has expired"],
  ERR_TLS_CERT_ALTNAME_INVALID: ["unreachable", "its certificate is for another name"],
  UND_ERR_HEADERS_OVERFLOW: ["unreachable", "its answer is no HTTP"]
}

const untrusted = /^(?:SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_|CERT_)/

const known = (code: string): readonly [FailureKind, string] => {
  const found = ofConnections[code]
  if (found !== undefined) return found
  if (untrusted.test(code)) return ["unreachable", `its certificate is not trusted (${code})`]
  if (/^(?:ERR_SSL|ERR_TLS|EPROTO)/.test(code))
    return ["unreachable", "it does not speak TLS as this service does"]
  // With the code of the parser, or with none.
  if (/^HPE_|^HTTPParserError$/.test(code)) return ["unreachable", "its answer is no HTTP"]
  // Such as a header that HTTP does not allow, or a sink that is closed.
  if (/^UND_ERR_/.test(code)) return ["ours", `the request cannot be made (${code})`]
  return ["unreachable", `the connection failed (${code})`]
}

const textAt = (error: object, key: string): string | undefined => {
  const value: unknown = Reflect.get(error, key)
  return typeof value === "string" ? value : undefined
}

/** Node tries several addresses, and then has an error of each. */
const firstOf = (error: Error): Error => {
  const [first] = error instanceof AggregateError ? error.errors : []
  return first instanceof Error ? first : error
}

export const ofError = (failure: Error, address: string | undefined): DeliveryFailed => {
  const error = firstOf(failure)
  if (error instanceof Forbidden)
    return new DeliveryFailed({
      kind: "forbidden",
      message: `Cannot reach the receiver: ${error.message}`,
      address: error.address
    })
  const [kind, words] = known(textAt(error, "code") ?? error.name)
  return new DeliveryFailed({
    kind,
    message: `Cannot reach the receiver: ${words}`,
    address: textAt(error, "address") ?? address
  })
}

/** `timeout`: seconds. */
export const late = (timeout: number, address: string | undefined): DeliveryFailed =>
  new DeliveryFailed({
    kind: "unreachable",
    message: `The receiver gave no answer within ${timeout} s`,
    address
  })
