/**
 * Keeps webhooks to public addresses, and to those that the setting `DELIVERY_ALLOW` opens: whoever makes an endpoint
 * could else reach what this machine can reach. An address is checked where the connection to it is opened, so a name
 * that resolves to another address the next time gains nothing.
 */
import * as Dns from "node:dns"
import { BlockList, isIP, type LookupFunction } from "node:net"
import { buildConnector } from "@effect/platform-node/Undici"
import { Context, Effect, Layer } from "effect"
import { add } from "../AppConfig/Networks.ts"
import * as AppConfig from "../AppConfig.ts"
import { isMetadata, kindOf, targetOf } from "./Guard/Address.ts"

/** The guard refused. The message does not tell the address behind a name, which may be an internal one. */
export class Forbidden extends Error {
  readonly code = "FORBIDDEN"
  readonly address: string
  constructor(message: string, address: string) {
    super(message)
    this.address = address
  }
}

/** `buildConnector.connector` of undici. Its errors are `Forbidden`, or those of Node. */
export type Connector = buildConnector.connector

export class Guard extends Context.Tag("evolution-listener/DeliveryGuard")<
  Guard,
  {
    /**
     * The reason for which an address cannot be reached, as far as it is known without a name server: for the moment
     * at which an endpoint is made. `undefined`: it may be reached.
     */
    readonly objection: (url: URL) => string | undefined
    /** Opens connections to the host of an address. */
    readonly connector: (url: URL) => Connector
  }
>() {
  static readonly layer = Layer.effect(
    Guard,
    Effect.map(AppConfig.deliveryAllow, (allow) => make({ allow }))
  )
}

/** `dns.lookup`, asked for all addresses. */
export type Lookup = (
  hostname: string,
  options: Dns.LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, found: Array<Dns.LookupAddress>) => void
) => void

export interface Options {
  /** Networks and addresses that may be reached although they are not public. */
  readonly allow: ReadonlyArray<string>
  /** Resolves names; `dns.lookup` if absent, as all of Node does. */
  readonly lookup?: Lookup
  /** Opens connections; undici's if absent. */
  readonly build?: typeof buildConnector
  /** Authorities whose certificates are trusted instead of Node's. */
  readonly ca?: string | Buffer
}

/** Milliseconds in which a connection has to be there. */
export const connectTimeout = 5000

export const make = ({
  allow,
  build = buildConnector,
  ca,
  lookup = Dns.lookup
}: Options): Context.Tag.Service<Guard> => {
  const refusal = refusalWith(allow)

  const literal = (url: URL): string | undefined => {
    const host = hostOf(url)
    const why = isIP(host) === 0 ? undefined : refusal(host, isSecure(url))
    return why && `${host} is ${why}`
  }

  return {
    objection: literal,
    connector: (url) => {
      const connect = build({
        ...(ca === undefined ? undefined : { ca }),
        // Node's variable `NODE_TLS_REJECT_UNAUTHORIZED` is for the way to Evolution.
        rejectUnauthorized: true,
        timeout: connectTimeout,
        lookup: checked(lookup, (address) => refusal(address, isSecure(url)))
      })
      // Node looks up no address.
      const why = literal(url)
      return why === undefined
        ? connect
        : (_options, done) => done(new Forbidden(why, hostOf(url)), null)
    }
  }
}

const isSecure = (url: URL): boolean => url.protocol === "https:"

/** The host as Node connects to it: an IPv6 address without brackets. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, "$1")

const withList = (networks: ReadonlyArray<string>): BlockList => {
  const list = new BlockList()
  for (const network of networks) add(list, network)
  return list
}

/** Says why an address is refused: what it is, and what to do. */
const refusalWith = (allow: ReadonlyArray<string>) => {
  const all = withList(allow)
  const named = withList(allow.filter((network) => !/\/(?!32$|128$)/.test(network)))

  return (address: string, isEncrypted: boolean): string | undefined => {
    const target = targetOf(address)
    if (target === undefined) return "no address"
    const opened = isMetadata(target) ? named : all
    const written = {
      address: address.replace(/%.*$/, ""),
      version: isIP(address) === 4 ? "ipv4" : "ipv6"
    } as const
    if ([target, written].some((one) => opened.check(one.address, one.version))) return undefined
    const kind = kindOf(target)
    if (kind !== undefined)
      return `${kind}. If webhooks may go there, add its network to DELIVERY_ALLOW`
    return isEncrypted
      ? undefined
      : "a public address, and http:// shows the events to every network on the way. Use https://, or add the address to DELIVERY_ALLOW"
  }
}

/** Gives Node the addresses that pass, and fails if none does. */
const checked =
  (lookup: Lookup, refusal: (address: string) => string | undefined): LookupFunction =>
  (hostname, options, done) =>
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, [])
      const passed = found.filter(({ address }) => refusal(address) === undefined)
      const [first] = passed
      if (first === undefined) return done(noneOf(hostname, found, refusal), [])
      return options.all === true ? done(null, passed) : done(null, first.address, first.family)
    })

const noneOf = (
  hostname: string,
  found: ReadonlyArray<Dns.LookupAddress>,
  refusal: (address: string) => string | undefined
): NodeJS.ErrnoException => {
  const address = found[0]?.address
  return address === undefined
    ? Object.assign(new Error("no address"), { code: "ENOTFOUND" })
    : new Forbidden(`${hostname} resolves to ${refusal(address) ?? address}`, address)
}
