/** Recognises addresses of private networks, where a key may travel in clear. */
import { lookup } from "node:dns/promises"
import { BlockList, isIP } from "node:net"
import { Effect } from "effect"

const home = new BlockList()
for (const [network, prefix] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16]
] as const)
  home.addSubnet(network, prefix, "ipv4")
for (const [network, prefix] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10]
] as const)
  home.addSubnet(network, prefix, "ipv6")

/** Loopback, RFC 1918, shared (RFC 6598), link-local, and IPv6's unique local addresses. */
export const isPrivate = (address: string): boolean =>
  home.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")

const lookupTimeout = "3 seconds"

/** The addresses of a host; none if its name cannot be resolved. */
export const addressesOf = (host: string): Effect.Effect<ReadonlyArray<string>> => {
  const bare = host.replace(/^\[(.*)\]$/, "$1")
  if (isIP(bare) !== 0) return Effect.succeed([bare])
  return Effect.tryPromise(() => lookup(bare, { all: true })).pipe(
    Effect.map((found) => found.map(({ address }) => address)),
    Effect.timeout(lookupTimeout),
    Effect.orElseSucceed(() => [])
  )
}
