/** Lists of networks in settings: `loopback,private,203.0.113.0/24`. */
import { BlockList, isIP } from "node:net"
import { Config, ConfigError, Either } from "effect"

/** Networks, such as `10.0.0.0/8`, and addresses. */
export type Networks = ReadonlyArray<string>

const expected =
  "Expected loopback, private, none, addresses or networks such as 10.1.0.0/16, with commas between"

/** Adds a network to a list; false if it is none. */
export const add = (list: BlockList, network: string): boolean => {
  const [address = "", bits, ...rest] = network.split("/")
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  const longest = version === 4 ? 32 : 128
  const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
  if (length > longest) return false
  list.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6")
  return true
}

const parse = (
  text: string,
  named: Readonly<Record<string, Networks>>
): Either.Either<Networks, string> => {
  const parts = text.split(",").map((piece) => piece.trim())
  const networks = parts.flatMap((part) => named[part] ?? [part])
  return networks.every((network) => add(new BlockList(), network))
    ? Either.right(networks)
    : Either.left(expected)
}

/** `named`: the networks that `loopback` and `private` stand for. */
export const networks = (
  variable: string,
  byDefault: string,
  named: { readonly loopback: Networks; readonly private: Networks }
): Config.Config<Networks> =>
  Config.nonEmptyString(variable).pipe(
    Config.withDefault(byDefault),
    Config.mapOrFail((text) =>
      Either.mapLeft(parse(text, { none: [], ...named }), (why) =>
        ConfigError.InvalidData([variable], why)
      )
    )
  )
