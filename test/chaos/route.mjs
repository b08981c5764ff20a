/**
 * Loaded before a program (`--import`): the program finds the hosts of `CHAOS_ROUTES` (`name=address,…`) at addresses
 * of its own. So processes with the same settings reach a server by different ways, each of which can be cut.
 */
import dns from "node:dns"

const routes = new Map((process.env.CHAOS_ROUTES ?? "").split(",").map((route) => route.split("=")))
const lookup = dns.lookup

dns.lookup = (host, options, callback = options) => {
  const address = routes.get(host)
  if (address === undefined) return lookup(host, options, callback)
  if (options.all === true) callback(null, [{ address, family: 4 }])
  else callback(null, address, 4)
}
