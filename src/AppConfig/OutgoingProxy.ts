/**
 * The HTTP proxy on the way to Evolution: `EVOLUTION_PROXY`, else one of the variables that curl reads
 * (https://curl.se/docs/manpage.html, "ENVIRONMENT").
 */
import { isIP } from "node:net"
import { Config, ConfigError, Either, Option, Redacted } from "effect"
import { halves } from "./Halves.ts"
import { basicOf, credentialsIn, secret } from "./Secret.ts"
import { loopbackNetworks, privateNetworks, trusting } from "./TrustedProxies.ts"

export interface OutgoingProxy {
  /** `http:` or `https:`, without user and password. */
  readonly url: URL
  /** The value of `proxy-authorization`. */
  readonly authorization: Redacted.Redacted | undefined
  /** The variable that has the address. */
  readonly setting: string
}

const own = "EVOLUTION_PROXY"
const off = "off"

/** An earlier one wins, and an empty one is none. */
const names = [
  own,
  "https_proxy",
  "HTTPS_PROXY",
  "http_proxy",
  "HTTP_PROXY",
  "all_proxy",
  "ALL_PROXY"
]

const isForScheme = (name: string, { protocol }: URL): boolean =>
  [`${protocol.slice(0, -1)}_proxy`, "all_proxy"].includes(name.toLowerCase())

const addresses = Config.map(
  Config.all(
    names.map((name) =>
      Config.map(Config.option(secret(name, credentialsIn)), (text) =>
        Option.toArray(Option.map(text, (address) => [name, address] as const))
      )
    )
  ),
  (found) => found.flat()
)

const exceptions = Config.nonEmptyString("no_proxy").pipe(
  Config.orElse(() => Config.nonEmptyString("NO_PROXY")),
  Config.withDefault("")
)

const expected =
  "Expected an address such as http://user:password@proxy.example.com:3128, in which the characters of the password that are not letters and digits are percent-encoded"
const wayOut = `set ${own} to an HTTP proxy for Evolution, or ${own}=${off} to use none`

/** Strict, so that no piece of a password can be taken for a host. */
const form =
  /^(?:([a-z][a-z\d+.-]*):\/\/)?(?:([^/?#@\s]*)@)?(\[[\da-f:.]+\]|[^/?#@:\s[\]]+)(?::(\d{1,5}))?\/?$/i

const decode = Option.liftThrowable(decodeURIComponent)

const parse = (setting: string, text: string): Either.Either<OutgoingProxy, string> => {
  const [, scheme = "http", given = "", host = "", port = ""] = form.exec(text.trim()) ?? []
  if (/^socks/i.test(scheme))
    return Either.left(`It is a SOCKS proxy, which is not supported: ${wayOut}`)
  const address = `${scheme}://${host}:${port}`
  if (!/^https?$/i.test(scheme) || !URL.canParse(address))
    return Either.left(`${expected}; or ${wayOut}`)
  const credentials = halves(given, ":")
  return Option.match(Option.all([decode(credentials[0]), decode(credentials[1])]), {
    onNone: () => Either.left(expected),
    onSome: ([user, password]) =>
      Either.right({
        url: new URL(address),
        authorization: given ? Redacted.make(`Basic ${basicOf(user, password)}`) : undefined,
        setting
      })
  })
}

/** RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`, and the names of services in Kubernetes. */
const privateNames = /\.(?:localhost|local|home\.arpa|internal|svc)$/

const isPrivateAddress = trusting([
  ...loopbackNetworks,
  ...privateNetworks,
  "100.64.0.0/10", // RFC 6598: shared, as Tailscale's
  "0.0.0.0",
  "::"
])

/**
 * True for a host that a proxy elsewhere does not reach: a container beside us, this machine, a private
 * network. Docker puts `HTTP_PROXY` into every container (https://docs.docker.com/engine/cli/proxy/).
 */
const isNear = (host: string): boolean =>
  isIP(host) === 0 ? !host.includes(".") || privateNames.test(host) : isPrivateAddress(host)

/**
 * curl's rules: hosts with their subdomains, with or without a dot before, addresses and networks. In use
 * elsewhere, and taken here: a port, `*.` before a host, `*` among others.
 */
const isExcepted = (host: string, port: string, list: string): boolean =>
  list
    .toLowerCase()
    .split(/[\s,]/)
    .some((entry) => {
      if (entry === "*") return true
      const number = isIP(entry) === 6 ? undefined : /:(\d+)$/.exec(entry)?.[1]
      if (number !== undefined && number !== port) return false
      const before = number === undefined ? entry : entry.slice(0, -1 - number.length)
      const bare = before.replace(/^\[(.*)\]$/, "$1")
      if (isIP(host) !== 0) return trusting([bare])(host)
      const name = bare.replace(/^\*?\.+|\.+$/g, "")
      return host === name || host.endsWith(`.${name}`)
    })

/** For a reader; without user and password. */
export const wordsOf = ({ setting, url }: OutgoingProxy): string =>
  `the proxy at ${url.origin} (${setting})`

/** The proxy for an address; none: it is spoken to directly. */
export const proxyFor = (
  address: Config.Config<URL>
): Config.Config<Option.Option<OutgoingProxy>> =>
  Config.mapOrFail(
    Config.all({ url: address, given: addresses, list: exceptions }),
    ({ given, list, url }) => {
      const host = url.hostname.replace(/^\[(.*)\]$|\.+$/g, "$1")
      const port = url.port || (url.protocol === "https:" ? "443" : "80")
      const isDirect = isNear(host) || isExcepted(host, port, list)
      const first = given.find(([name]) => name === own || (!isDirect && isForScheme(name, url)))
      if (first === undefined) return Either.right(Option.none())
      const [name, text] = first
      if (name === own && text.trim().toLowerCase() === off) return Either.right(Option.none())
      return Either.mapBoth(parse(name, text), {
        onLeft: (why) => ConfigError.InvalidData([name], why),
        onRight: Option.some
      })
    }
  )
