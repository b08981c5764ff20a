/** Settings whose texts hold secrets. */
import { Config, Either, Option, Redacted, String as Str } from "effect"
import { halves } from "./Halves.ts"

const held = new Map<string, (text: string) => ReadonlyArray<string>>()

/** A setting whose text holds secrets. `secrets` finds them, also where the text is malformed. */
export const secret = (
  name: string,
  secretsIn: (text: string) => ReadonlyArray<string> = (text) => [text]
): Config.Config<string> => {
  held.set(name, secretsIn)
  return Config.nonEmptyString(name)
}

/** Every secret in the settings declared by `secret`, as far as they are set, and in the variables of servers. */
export const secrets = (
  own: ReadonlyArray<{ readonly name: string; readonly setting: string }>
): Config.Config<ReadonlyArray<Redacted.Redacted>> => {
  const general = [...held.keys()].map((name) => ({ name, setting: name }))
  const texts = [...general, ...own].flatMap(({ name, setting }) => {
    const secretsIn = held.get(setting)
    return secretsIn === undefined
      ? []
      : Config.map(
          Config.option(Config.string(name)),
          Option.match({ onNone: () => [], onSome: secretsIn })
        )
  })
  return Config.map(Config.all(texts), (found) =>
    found.flatMap((some) => some.filter(Str.isNonEmpty).map((text) => Redacted.make(text)))
  )
}

/**
 * The password in a database's address (before the host or in the query), encoded and decoded. In an address
 * that cannot be read it is everything up to the last "@".
 */
export const passwordsIn = (address: string): ReadonlyArray<string> => {
  const written = [
    /:\/\/[^/?#@]*?:([^/?#]*)@/.exec(address)?.[1],
    /:\/\/[^:@]*:(.*)@/s.exec(address)?.[1],
    /[?&]password=([^&#]*)/.exec(address)?.[1]
  ].filter((password) => password !== undefined)
  return [...new Set(written.flatMap(bothForms))]
}

/** The values in a list of headers (`name=value,name=value`), encoded and decoded. */
export const valuesIn = (headers: string): ReadonlyArray<string> =>
  headers.split(",").flatMap((pair) => bothForms(pair.slice(pair.indexOf("=") + 1).trim()))

/**
 * The password in a proxy's address, encoded, decoded, and as it stands in `proxy-authorization`; without a
 * password the user, which is then a token. A user beside a password may be a person's address, which people
 * write in messages: it is printed nowhere, and not taken out of them.
 */
export const credentialsIn = (address: string): ReadonlyArray<string> => {
  const given = /^(?:[a-z][a-z\d+.-]*:\/\/)?(.*)@/is.exec(address.trim())?.[1] ?? ""
  const [user, password] = halves(given, ":")
  const secrets = bothForms(password || user).filter((text) => text !== "")
  return secrets.length === 0 ? [] : [...secrets, basicOf(decoded(user), decoded(password))]
}

/** The credentials of HTTP's scheme Basic (RFC 7617). */
export const basicOf = (user: string, password: string): string =>
  Buffer.from(`${user}:${password}`).toString("base64")

const bothForms = (encoded: string): ReadonlyArray<string> => [
  ...new Set([encoded, decoded(encoded)])
]

const decoded = (encoded: string): string =>
  Either.getOrElse(
    Either.try(() => decodeURIComponent(encoded)),
    () => encoded
  )
