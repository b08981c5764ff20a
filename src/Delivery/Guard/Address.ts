/** Addresses that webhooks may not reach, by the registries of IANA (RFC 6890 and its successors). */
import { BlockList, isIP, isIPv4 } from "node:net"

const range = (words: string, ...networks: ReadonlyArray<string>) => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = "", bits] = network.split("/")
    list.addSubnet(address, Number(bits), isIPv4(address) ? "ipv4" : "ipv6")
  }
  return { words, list }
}

/**
 * Services that give a machine's credentials to whoever asks from it: AWS, Google, Azure and others; AWS by IPv6; a
 * container's at AWS; Alibaba; Azure; Oracle. No network of the allow-list covers them: they have to be named.
 */
const metadata = range(
  "the metadata service of a cloud",
  "169.254.169.254/32",
  "fd00:ec2::254/128",
  "169.254.170.2/32",
  "169.254.170.23/32",
  "fd00:ec2::23/128",
  "100.100.100.200/32",
  "168.63.129.16/32",
  "192.0.0.192/32"
)

const version4 = [
  metadata,
  range("an unspecified address", "0.0.0.0/8"),
  range("a private address", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
  range("an address of this machine", "127.0.0.0/8"),
  range("a link-local address", "169.254.0.0/16"),
  range("a carrier's shared address", "100.64.0.0/10"),
  range("an address for documentation", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),
  range("an address for benchmarks", "198.18.0.0/15"),
  range("an address for protocols", "192.0.0.0/24", "192.88.99.0/24"),
  range("a multicast address", "224.0.0.0/4"),
  range("a reserved address", "240.0.0.0/4")
]

/** Only a part of IPv6 is in use for public addresses: all else is refused, whatever it will be used for. */
const global = range("", "2000::/3")
const version6 = [
  metadata,
  range("an address of this machine", "::1/128"),
  range("an unspecified address", "::/128"),
  range("a private address", "fc00::/7", "fec0::/10"),
  range("a link-local address", "fe80::/10"),
  range("a multicast address", "ff00::/8"),
  range("an address for documentation", "2001:db8::/32", "3fff::/20"),
  range("an address of a tunnel", "2001::/32", "2002::/16"),
  range("an address for protocols", "2001::/23")
]

/** NAT64 (RFC 6052): in a network with IPv6 alone, every IPv4 host has such an address. */
const translated = range("", "64:ff9b::/96").list
const mapped = range("", "::ffff:0:0/96").list

/** The last 32 bits, as a URL writes them: `::ffff:7f00:1`. */
const lastOf = (address: string): string | undefined => {
  const [, high = "", low = ""] =
    /:([\da-f]{0,4}):([\da-f]{1,4})\]$/.exec(new URL(`http://[${address}]`).host) ?? []
  const bits = Number.parseInt(high || "0", 16) * 65_536 + Number.parseInt(low, 16)
  return Number.isNaN(bits)
    ? undefined
    : [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".")
}

/** The IPv4 address that a packet to this one is for. */
const within = (address: string): string | undefined =>
  mapped.check(address, "ipv6") || translated.check(address, "ipv6") ? lastOf(address) : undefined

/** An address as the guard looks at it: an IPv4 address in IPv6 is that address. */
interface Target {
  readonly address: string
  readonly version: "ipv4" | "ipv6"
}

export const targetOf = (address: string): Target | undefined => {
  const bare = address.replace(/%.*$/, "")
  const version = isIP(bare)
  if (version === 0) return undefined
  const inner = version === 6 ? within(bare) : bare
  return inner === undefined
    ? { address: bare, version: "ipv6" }
    : { address: inner, version: "ipv4" }
}

export const isMetadata = ({ address, version }: Target): boolean =>
  metadata.list.check(address, version)

/** The kind of an address that is not public: `a private address`; `undefined` for a public one. */
export const kindOf = ({ address, version }: Target): string | undefined => {
  const ranges = version === "ipv4" ? version4 : version6
  const found = ranges.find(({ list }) => list.check(address, version))?.words
  if (found !== undefined || version === "ipv4") return found
  return global.list.check(address, version) ? undefined : "a reserved address"
}
