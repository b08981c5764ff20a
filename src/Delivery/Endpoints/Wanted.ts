/** What is asked for, checked as a whole, and split into settings and secrets. */
import { Either, ParseResult, Predicate, Record as Records, Redacted, Schema } from "effect"
import { EndpointRefused, Settings } from "../../Domain/Endpoint.ts"

/** Settings without the values of headers, and these by name. `true`: the value that is stored. */
export interface Wanted {
  readonly settings: Settings
  readonly headers: Readonly<Record<string, Redacted.Redacted | true>>
}

type Fields = Readonly<Record<string, unknown>>

const decode = Schema.decodeUnknownEither(Settings, { onExcessProperty: "error", errors: "all" })
const encode = Schema.encodeSync(Settings)

const refuse = (message: string) => Either.left(new EndpointRefused({ message }))

export interface Mistake {
  readonly path: ReadonlyArray<PropertyKey>
  readonly message: string
}

/** Messages repeat no value, as it may be a secret. */
export const mistakesOf = (error: ParseResult.ParseError): ReadonlyArray<Mistake> =>
  ParseResult.ArrayFormatter.formatErrorSync(error)
    .filter(({ message }) => !message.startsWith("Expected undefined"))
    .map(({ message, path }) => ({
      path,
      message: message.split(/, actual |, expected: \{/)[0] ?? ""
    }))

const wordsOf = (error: ParseResult.ParseError): string =>
  mistakesOf(error)
    .map(({ message, path }) => [...path, message].join(": "))
    .join("; ")

const stored = { stored: true } as const

/** Conditions on several fields. */
const troubleWith = ({ byEvents, shape, target }: Settings): string | undefined => {
  if (byEvents !== true) return undefined
  if (shape !== "evolution") return 'byEvents: it goes with the shape "evolution" alone'
  return target.type === "webhook" ? undefined : "byEvents: it is about the path of a webhook"
}

/** `known`: the headers whose values are stored, by their names in small letters. */
const checked = (
  settings: Settings,
  known: ReadonlySet<string>
): Either.Either<Wanted, EndpointRefused> => {
  const trouble = troubleWith(settings)
  if (trouble !== undefined) return refuse(trouble)
  const { target } = settings
  if (target.type !== "webhook" || target.headers === undefined)
    return Either.right({ settings, headers: {} })
  // Names of headers have no case.
  const given = Records.mapKeys(target.headers, (name) => name.toLowerCase())
  const unknown = Object.entries(given).find(
    ([name, value]) => Predicate.hasProperty(value, "stored") && !known.has(name)
  )
  if (unknown !== undefined)
    return refuse(`target: headers: ${unknown[0]}: No value of it is stored: give one`)
  const headers: Record<string, Redacted.Redacted | true> = {}
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "string") headers[name] = Redacted.make(value)
    else if ("stored" in value) headers[name] = true
  }
  const shown = Records.map(given, (value) => (typeof value === "string" ? stored : value))
  return Either.right({ settings: { ...settings, target: { ...target, headers: shown } }, headers })
}

/** A new endpoint. */
export const create = (settings: Settings): Either.Either<Wanted, EndpointRefused> =>
  checked(settings, new Set())

/** A field that is `null` is taken out. */
const merged = (before: Fields, patch: Fields): Fields =>
  Records.filter({ ...before, ...patch }, (value) => value !== null && value !== undefined)

const fieldsOf = (value: unknown): Fields => (Predicate.isRecord(value) ? value : {})

/**
 * A change as JSON Merge Patch (RFC 7396) has it: what it leaves out stays, and `null` takes out. Of objects only the
 * target and its headers are merged; all others are replaced as a whole.
 */
export const patch = (before: Settings, change: Fields): Either.Either<Wanted, EndpointRefused> => {
  const old = encode(before)
  const oldTarget: Fields = old.target
  const next = fieldsOf(change.target)
  const headers =
    next.headers === undefined || next.headers === null
      ? next.headers
      : merged(
          fieldsOf(oldTarget.headers),
          Records.mapKeys(fieldsOf(next.headers), (name) => name.toLowerCase())
        )
  const target = merged(oldTarget, headers === undefined ? next : { ...next, headers })
  if (target.type !== oldTarget.type)
    return refuse("target: type: It cannot be changed: make another endpoint")
  return Either.flatMap(
    Either.mapLeft(
      decode({ ...merged(old, change), target }),
      (error) => new EndpointRefused({ message: wordsOf(error) })
    ),
    (settings) =>
      Either.filterOrLeft(
        checked(settings, new Set(storedIn(before))),
        (wanted) => !movesSecrets(before, wanted),
        () =>
          new EndpointRefused({
            message:
              "target: headers: Their stored values would go to another server: give them anew, or null"
          })
      )
  )
}

const storedIn = ({ target }: Settings): ReadonlyArray<string> =>
  Object.entries(target.type === "webhook" ? (target.headers ?? {}) : {}).flatMap(
    ([name, value]) => (Predicate.hasProperty(value, "stored") ? [name] : [])
  )

/** Else a caller who may not read the values has them sent to itself. */
const movesSecrets = (before: Settings, { headers, settings }: Wanted): boolean => {
  const [old, next] = [before.target, settings.target]
  return (
    old.type === "webhook" &&
    next.type === "webhook" &&
    new URL(old.url).origin !== new URL(next.url).origin &&
    Object.values(headers).includes(true)
  )
}
