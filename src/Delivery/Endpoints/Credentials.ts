/** What it takes to send to an endpoint, as it is used. */
import { type ConfigError, DateTime, Effect, Option, Redacted } from "effect"
import type { Settings as Environment } from "../../AppConfig/Settings.ts"
import * as AppConfig from "../../AppConfig.ts"
import type { EnvReference } from "../../Domain/Endpoint.ts"
import * as Secrets from "../../Telemetry/Secrets.ts"
import { DeliveryFailed } from "../Sink.ts"
import type { Cipher } from "./Cipher.ts"
import type { Entry } from "./Rows.ts"
import * as Vault from "./Vault.ts"

export interface Credentials {
  /** Newest first: a message is signed with each of them. Brokers have none. */
  readonly signing: ReadonlyArray<Redacted.Redacted>
  readonly headers: Readonly<Record<string, Redacted.Redacted>>
  /** The address of a broker. */
  readonly url: Option.Option<Redacted.Redacted>
}

export const ours = (message: string) => new DeliveryFailed({ kind: "ours", message })

/** Says what to set, or what to do, to have the secrets again. */
export const unreadableWords = (name: string, unreadable: ReadonlyArray<Vault.Unreadable>) => {
  const places = unreadable.map(({ key, place }) => `${place} (by the key ${key})`).join(", ")
  return `Cannot read secrets of "${name}": ${places}. Set ENCRYPTION_KEY, or API_KEY where that encrypted them, to what it was, or add the old one to ENCRYPTION_KEY; or rotate the secret, and give the headers anew`
}

const reference = (name: string, place: string, { env }: EnvReference) =>
  AppConfig.referred(env).pipe(
    Effect.flatten,
    Effect.mapError(() =>
      ours(`Cannot send to "${name}": set ${env}, which its ${place} refers to`)
    ),
    Effect.tap(Secrets.add)
  )

/**
 * The values of variables count as secrets of this service, and so does a signing secret with its prefix. The values of
 * headers do not: callers choose them, and what counts as a secret is taken out of every event, too.
 */
export const of = (
  { endpoint: { id, settings }, vault }: Entry,
  cipher: Cipher
): Effect.Effect<Credentials, DeliveryFailed, Environment> =>
  Effect.gen(function* () {
    const { name, target } = settings
    if (target.type !== "webhook") {
      const url = yield* reference(name, "url", target.url)
      // The password alone may stand in an error of the broker's client.
      yield* Secrets.add(
        ...AppConfig.passwordsIn(Redacted.value(url)).map((text) => Redacted.make(text))
      )
      return { signing: [], headers: {}, url: Option.some(url) }
    }
    const { headers, signing, unreadable } = Vault.open({ cipher, id }, vault, yield* DateTime.now)
    if (unreadable.length > 0) return yield* ours(unreadableWords(name, unreadable))
    if (signing.length === 0)
      return yield* ours(`Cannot sign for "${name}": it has no signing secret: rotate it`)
    yield* Secrets.add(...signing)
    const referred = yield* Effect.forEach(
      Object.entries(target.headers ?? {}),
      ([header, value]) =>
        typeof value === "object" && "env" in value
          ? Effect.map(reference(name, `header "${header}"`, value), (found) => [
              [header, found] as const
            ])
          : Effect.succeed([])
    )
    return {
      signing,
      headers: { ...headers, ...Object.fromEntries(referred.flat()) },
      url: Option.none()
    }
  })

/** The cipher, or the reason for which there is none. */
export const orOurs = <A, R>(
  cipher: Effect.Effect<A, ConfigError.ConfigError | { readonly message: string }, R>
) =>
  Effect.mapError(cipher, (error) =>
    ours("_op" in error ? AppConfig.explain(error).join("; ") : error.message)
  )
