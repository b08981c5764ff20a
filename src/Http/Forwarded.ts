/**
 * The caller's view of a request that came through proxies: its address, and the address at which the caller
 * reached the service. Headers are believed from trusted proxies alone.
 */
import { isIP } from "node:net"
import type { HttpServerRequest } from "@effect/platform"
import { Context, Effect, Either, Option } from "effect"
import * as AppConfig from "../AppConfig.ts"

/** The path before every route of ours on a server of the program, such as `/whatsapp`. */
export class Prefix extends Context.Reference<Prefix>()("evolution-listener/Prefix", {
  defaultValue: () => ""
}) {}

type Request = Pick<HttpServerRequest.HttpServerRequest, "headers" | "remoteAddress">

/** The address of the service in `Host`, or in the headers of a proxy. */
interface Claim {
  readonly scheme: string
  readonly host: string
  /** The path under which a proxy serves us; `/` if it has none. */
  readonly prefix: string
}

/** The first of a list: the proxy that is nearest to the caller wrote it. */
const first = (header: string | undefined): string | undefined =>
  header?.split(",")[0]?.trim() || undefined

/** A parameter of the first element of `Forwarded` (RFC 7239). */
const forwarded = (header: string | undefined, name: string): string | undefined =>
  new RegExp(`(?:^|;)\\s*${name}=("?)([^";,\\s]+)\\1\\s*(?:;|$)`, "i").exec(
    first(header) ?? ""
  )?.[2]

/** What proxies say; `undefined`: they say nothing of the address. */
const claimOf = ({ headers }: Request): Claim | undefined => {
  const scheme = first(headers["x-forwarded-proto"]) ?? forwarded(headers.forwarded, "proto")
  const host = first(headers["x-forwarded-host"]) ?? forwarded(headers.forwarded, "host")
  const prefix = first(headers["x-forwarded-prefix"])
  if (scheme === undefined && host === undefined && prefix === undefined) return undefined
  return {
    scheme: (scheme ?? "http").toLowerCase(),
    host: host ?? headers.host ?? "",
    prefix: prefix ?? "/"
  }
}

/** The claim as an address; `undefined` if it is none, such as a host with a path or a user in it. */
const addressOf = ({ host, prefix, scheme }: Claim, own: string): URL | undefined => {
  const address = `${scheme}://${host}/`
  if (!/^https?$/.test(scheme) || !/^[\w.:[\]-]+$/.test(host) || !URL.canParse(address))
    return undefined
  if (!/^\/(?!\/)[\w.~%/-]*$/.test(prefix)) return undefined
  const url = new URL(address)
  url.pathname = `${prefix.replace(/\/*$/, "")}${own}/`
  return url
}

/** Addresses in `X-Forwarded-For`, without ports and brackets. */
const hopsOf = (header: string | undefined): ReadonlyArray<string> =>
  (header ?? "").split(",").flatMap((hop) => {
    const [, bracketed, plain] = /^\s*(?:\[([^\]]+)\](?::\d+)?|([^\s:]+)(?::\d+)?)\s*$/.exec(
      hop
    ) ?? [null, undefined, hop.trim()]
    return bracketed ?? plain ?? []
  })

const peerOf = ({ remoteAddress }: Request): string => Option.getOrElse(remoteAddress, () => "")

export interface Forwarded {
  /** The address at which the caller reached the service, or the reason why it is not known. */
  readonly address: (request: Request) => Either.Either<URL, string>
  /** The nearest address that is no trusted proxy's, and the address of the connection. */
  readonly caller: (request: Request) => { readonly address: string; readonly peer: string }
}

export const forwardedBy = Effect.zipWith(
  Effect.map(AppConfig.trustedProxies, AppConfig.trusting),
  Prefix,
  (isTrusted, own): Forwarded => ({
    address: (request) => {
      const claim = claimOf(request)
      const peer = peerOf(request)
      if (claim !== undefined && !isTrusted(peer))
        return Either.left(
          `A proxy at ${peer} forwards requests and is not trusted: set PUBLIC_URL, or add it to TRUST_PROXY`
        )
      const { host } = request.headers
      const url = addressOf(claim ?? { scheme: "http", host: host ?? "", prefix: "/" }, own)
      return url === undefined
        ? Either.left("The request does not say at which address it reached us: set PUBLIC_URL")
        : Either.right(url)
    },
    caller: (request) => {
      const peer = peerOf(request)
      let address = peer
      const hops = [...hopsOf(request.headers["x-forwarded-for"])]
      while (isTrusted(address)) {
        const next = hops.pop()
        if (next === undefined) break
        // A proxy may hide an address (RFC 7239, 6.3), and a text of any length would be kept.
        address = isIP(next) === 0 ? "unknown" : next
      }
      return { address, peer }
    }
  })
)
