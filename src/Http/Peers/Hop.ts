/**
 * One request on its way from a replica to another. The first replica adds the address of its caller to
 * `X-Forwarded-For`, as a proxy does, and a credential; the second one takes both off, and so judges the request as
 * the first one did.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import { Headers, type HttpServerRequest } from "@effect/platform"
import { Context, Option, Redacted } from "effect"

/** The state of one request between replicas. */
export interface Passage {
  /** Another replica sent the request; it is never forwarded again. */
  readonly isFromReplica: boolean
  /** The request was refused because this replica does not own the server, before it had any effect. */
  isUnowned: boolean
}

export class Hop extends Context.Reference<Hop>()("evolution-listener/Hop", {
  defaultValue: (): Passage => ({ isFromReplica: false, isUnowned: false })
}) {}

/** The id of the replica that forwards, a space, and the proof that it knows `API_KEY`. */
export const credentialHeader = "x-listener-replica"

/** Tells a replica that the request had no effect, and may be sent to another one. */
export const unownedHeader = "x-listener-unowned"

export interface Credentials {
  readonly mine: string
  readonly isValid: (credential: string) => boolean
}

/** `me`: the id of this replica. */
export const credentials = (apiKey: Redacted.Redacted, me: string): Credentials => {
  const secret = new Uint8Array(
    hkdfSync("sha256", Redacted.value(apiKey), "", "evolution-listener replicas", 32)
  )
  const proofOf = (replica: string) =>
    createHmac("sha256", secret).update(replica).digest("base64url")
  return {
    mine: `${me} ${proofOf(me)}`,
    isValid: (credential) => {
      const [replica = "", proof = ""] = credential.split(" ")
      const [given, expected] = [Buffer.from(proof), Buffer.from(proofOf(replica))]
      return given.length === expected.length && timingSafeEqual(given, expected)
    }
  }
}

/** Headers about one connection (RFC 9110, 7.6.1). */
const ofConnection = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  credentialHeader
])

/** Headers that go on. */
export const endToEnd = (headers: IncomingHttpHeaders): Record<string, string | Array<string>> => {
  const named = (headers.connection ?? "").toLowerCase().split(/\s*,\s*/)
  const kept: Record<string, string | Array<string>> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !ofConnection.has(name) && !named.includes(name)) kept[name] = value
  return kept
}

/** In the place of an address that the operating system does not tell. */
const unknown = "unknown"

const hops = "x-forwarded-for"

/** The headers with which a request goes on. */
export const outward = (
  headers: IncomingHttpHeaders,
  peer: Option.Option<string>,
  credential: string
): Record<string, string | Array<string>> => {
  const before = headers[hops]
  const caller = Option.getOrElse(peer, () => unknown)
  // The body is written anew.
  const { "content-length": _length, ...kept } = endToEnd(headers)
  return {
    ...kept,
    [hops]: before === undefined ? caller : `${before}, ${caller}`,
    [credentialHeader]: credential
  }
}

/** The request as it came to the replica that forwarded it. */
export const inward = (
  request: HttpServerRequest.HttpServerRequest
): HttpServerRequest.HttpServerRequest => {
  const path = (request.headers[hops] ?? "").split(",").map((hop) => hop.trim())
  const peer = path.pop() ?? unknown
  const rest = Headers.remove(request.headers, credentialHeader)
  return request.modify({
    headers:
      path.length === 0 ? Headers.remove(rest, hops) : Headers.set(rest, hops, path.join(", ")),
    remoteAddress: peer === unknown ? "" : peer
  })
}
