/** The secrets of one endpoint, as its row has them: encrypted. */
import { DateTime, Duration, Option, Record as Records, Redacted, Schema } from "effect"
import { type Cipher, Sealed } from "./Cipher.ts"

export const Vault = Schema.Struct({
  /** Newest first; the first one has no end. */
  signing: Schema.optionalWith(
    Schema.Array(Schema.Struct({ ...Sealed.fields, until: Schema.NullOr(Schema.DateTimeUtc) })),
    { default: () => [] }
  ),
  /** The values of headers, by name. */
  headers: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Sealed }), {
    default: () => ({})
  })
})
export type Vault = typeof Vault.Type

export const empty: Vault = { signing: [], headers: {} }

/** Old secrets among them. */
const mostSigning = 3

/** The time for which an old signing secret stays good. */
export const overlap = Duration.hours(24)

/** Says what a secret is for. */
const useOf = (endpoint: string, place: string) => `${endpoint} ${place}`
const signing = "signing"
const header = (name: string) => `header ${name}`

interface Of {
  readonly id: string
  readonly cipher: Cipher
}

/** With a new signing secret. Those before it end after `overlap`, unless they end earlier, or cannot be read. */
export const rotated = (
  { cipher, id }: Of,
  { signing: before, ...rest }: Vault,
  secret: Redacted.Redacted,
  now: DateTime.Utc,
  keptFor: Duration.Duration = overlap
): Vault => {
  const end = DateTime.addDuration(now, keptFor)
  const use = useOf(id, signing)
  const kept = before.flatMap((one) => {
    const until = one.until === null ? end : DateTime.min(one.until, end)
    const opened = cipher.open(one, use)
    const isOther = Option.isSome(opened) && Redacted.value(opened.value) !== Redacted.value(secret)
    return isOther && DateTime.lessThan(now, until) ? [{ ...one, until }] : []
  })
  return {
    ...rest,
    signing: [{ ...cipher.seal(secret, use), until: null }, ...kept].slice(0, mostSigning)
  }
}

/** With these headers and no others. `true`: the value that is there. */
export const withHeaders = (
  { cipher, id }: Of,
  vault: Vault,
  headers: Readonly<Record<string, Redacted.Redacted | true>>
): Vault => ({
  ...vault,
  headers: Records.filterMap(headers, (value, name) =>
    value === true
      ? Option.fromNullable(vault.headers[name])
      : Option.some(cipher.seal(value, useOf(id, header(name))))
  )
})

/** A secret that no key of the settings can read. */
export interface Unreadable {
  readonly place: string
  /** The id of the key that encrypted it. */
  readonly key: string
}

export interface Opened {
  readonly signing: ReadonlyArray<Redacted.Redacted>
  readonly headers: Readonly<Record<string, Redacted.Redacted>>
  readonly unreadable: ReadonlyArray<Unreadable>
}

/** The secrets that are good at a time. */
export const open = ({ cipher, id }: Of, vault: Vault, now: DateTime.Utc): Opened => {
  const unreadable: Array<Unreadable> = []
  const read = (sealed: Sealed, place: string): ReadonlyArray<Redacted.Redacted> =>
    Option.match(cipher.open(sealed, useOf(id, place)), {
      onNone: () => {
        unreadable.push({ place, key: sealed.key })
        return []
      },
      onSome: (secret) => [secret]
    })
  const isGood = ({ until }: Vault["signing"][number]) =>
    until === null || DateTime.lessThan(now, until)
  const secrets = vault.signing.filter(isGood).flatMap((one) => read(one, signing))
  const headers = Object.entries(vault.headers).flatMap(([name, sealed]) =>
    read(sealed, header(name)).map((value) => [name, value] as const)
  )
  return { signing: secrets, headers: Object.fromEntries(headers), unreadable }
}

/** Encrypted anew with the first key; `None`: it is already, or cannot be read. */
export const resealed = ({ cipher, id }: Of, vault: Vault): Option.Option<Vault> => {
  const seal = <One extends Sealed>(one: One, place: string): One => {
    const use = useOf(id, place)
    return one.key === cipher.key
      ? one
      : Option.match(cipher.open(one, use), {
          onNone: () => one,
          onSome: (secret) => ({ ...one, ...cipher.seal(secret, use) })
        })
  }
  const next: Vault = {
    signing: vault.signing.map((one) => seal(one, signing)),
    headers: Records.map(vault.headers, (one, name) => seal(one, header(name)))
  }
  const keys = ({ headers, signing: some }: Vault) =>
    [...some, ...Object.values(headers)].map(({ key }) => key).join()
  return keys(next) === keys(vault) ? Option.none() : Option.some(next)
}
