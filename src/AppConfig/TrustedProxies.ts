/** Proxies whose `X-Forwarded-…` headers are believed: `loopback,private,203.0.113.0/24`. */
import { BlockList, isIP, isIPv4 } from "node:net"
import { add, type Networks, networks } from "./Networks.ts"

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
export const trustedProxies = networks("TRUST_PROXY", "loopback,private", {
  loopback: loopbackNetworks,
  private: privateNetworks
})
