/** Proxies whose `X-Forwarded-…` headers are believed: `loopback,private,203.0.113.0/24`. */
import { BlockList, isIP, isIPv4 } from "node:net"
import { Config, ConfigError, Either } from "effect"

export const loopbackNetworks = ["127.0.0.0/8", "::1/128"]
/** RFC 1918, RFC 4193, and the link-local networks. */
export const privateNetworks = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "fc00::/7",
  "fe80::/10"
]

const named: Readonly<Record<string, ReadonlyArray<string>>> = {
  none: [],
  loopback: loopbackNetworks,
  private: privateNetworks
}

const expected =
  "Expected loopback, private, none, addresses or networks such as 10.1.0.0/16, with commas between"

/** Adds a network to a list; false if it is none. */
const add = (list: BlockList, network: string): boolean => {
  const [address = "", bits, ...rest] = network.split("/")
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  const longest = version === 4 ? 32 : 128
  const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
  if (length > longest) return false
  list.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6")
  return true
}

/** Networks, such as `10.0.0.0/8`. */
type Networks = ReadonlyArray<string>

const parse = (text: string): Either.Either<Networks, string> => {
  const parts = text.split(",").map((piece) => piece.trim())
  const networks = parts.flatMap((part) => named[part] ?? [part])
  return networks.every((network) => add(new BlockList(), network))
    ? Either.right(networks)
    : Either.left(expected)
}

/** Says that an address is a trusted proxy's. An IPv4 address may be written as IPv6. */
export type Trust = (address: string) => boolean

export const trusting = (networks: Networks): Trust => {
  const list = new BlockList()
  for (const network of networks) add(list, network)
  return (address) => isIP(address) !== 0 && list.check(address, isIPv4(address) ? "ipv4" : "ipv6")
}

/**
 * Proxies are on the same machine or in a private network, such as Docker's. A neighbour there could lie
 * about its address: wrong keys are counted by the true one, too.
 */
export const trustedProxies: Config.Config<Networks> = Config.nonEmptyString("TRUST_PROXY").pipe(
  Config.withDefault("loopback,private"),
  Config.mapOrFail((text) =>
    Either.mapLeft(parse(text), (why) => ConfigError.InvalidData(["TRUST_PROXY"], why))
  )
)
