/**
 * The replicas of one log must know the same Evolution servers by the same ids, and have the same API_KEY: a token
 * that one of them signs opens all. They compare fingerprints: a row holds no key, and no address, which may have a
 * password in it.
 */
import { scrypt } from "node:crypto"
import { Effect, Redacted } from "effect"
import { SettingsDiffer } from "./ClusterError.ts"

/** An Evolution server as the settings have it. */
export interface Server {
  readonly id: string
  readonly url: string
  readonly key: Redacted.Redacted
}

/**
 * By the id of a server: the fingerprint of its address, a dot, and that of its key. By `API_KEY`, which is no id of a
 * server: the fingerprint of that key.
 */
export type Fingerprints = Readonly<Record<string, string>>

const apiKeyName = "API_KEY"

const bytes = 12

/** A weak secret is not to be guessed from its fingerprint: each guess takes tens of milliseconds. */
const printOf = (salt: string, secret: string) =>
  Effect.async<string>((resume) =>
    scrypt(secret, salt, bytes, (error, derived) =>
      resume(error === null ? Effect.succeed(derived.toString("base64url")) : Effect.die(error))
    )
  )

/** Takes tens of milliseconds for each secret, off the main thread. Slashes at the end of an address do not count. */
export const of = (
  servers: ReadonlyArray<Server>,
  apiKey: Redacted.Redacted
): Effect.Effect<Fingerprints> => {
  const ofServer = ({ id, key, url }: Server) =>
    Effect.map(
      Effect.all([
        printOf(`evolution-listener url ${id}`, url.replace(/\/+$/, "")),
        printOf(`evolution-listener key ${id}`, Redacted.value(key))
      ]),
      (prints) => [id, prints.join(".")] as const
    )
  const ofApiKey = Effect.map(
    printOf("evolution-listener API_KEY", Redacted.value(apiKey)),
    (print) => [apiKeyName, print] as const
  )
  return Effect.map(
    Effect.all([ofApiKey, ...servers.map(ofServer)], { concurrency: 4 }),
    Object.fromEntries<string>
  )
}

/** Sentences' ends: "the server "br" has another key", "it has another API_KEY". */
export const differences = (mine: Fingerprints, theirs: Fingerprints): ReadonlyArray<string> =>
  [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].sort().flatMap((id) => {
    const [own, other] = [mine[id], theirs[id]]
    if (own === other) return []
    if (id === apiKeyName) return [`it has another ${apiKeyName}`]
    if (own === undefined) return [`the server "${id}" is missing here`]
    if (other === undefined) return [`the server "${id}" is missing there`]
    const [ownUrl, ownKey] = own.split(".")
    const [otherUrl, otherKey] = other.split(".")
    return [
      ...(ownUrl === otherUrl ? [] : [`the server "${id}" has another address`]),
      ...(ownKey === otherKey ? [] : [`the server "${id}" has another key`])
    ]
  })

/** Fails if the settings differ from those of a replica that runs. No address and no key is told. */
export const compare = (
  mine: Fingerprints,
  running: { readonly address: string; readonly prints: Fingerprints }
): Effect.Effect<void, SettingsDiffer> => {
  const found = differences(mine, running.prints)
  if (found.length === 0) return Effect.void
  return new SettingsDiffer({
    message: `Cannot join the replica at ${running.address}: ${found.join(", ")}. Give all replicas the same servers and API_KEY, or stop the others first`,
    replica: running.address,
    differences: found
  })
}
