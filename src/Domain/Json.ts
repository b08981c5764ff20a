/** From a JSON value to text that Postgres takes, and that holds no secret of ours. */
import { type Brand, Either, Predicate, Schema } from "effect"
import { isTooDeep, maxNesting, textOf, tooDeep } from "./Nesting.ts"
import { redacted, type Scrub } from "./Scrub.ts"

/**
 * JSON text that is free of our secrets and fit for `jsonb`. Only this module makes it, so that text which
 * was not scrubbed cannot be written to the log.
 */
export type JsonText = string & Brand.Brand<"JsonText">

const scrubbed = (text: string): JsonText => text as JsonText

/** Keys that the log may leave out, at any depth (`EVENT_OMIT=media_keys`). */
export const mediaKeys: ReadonlyArray<string> = ["mediaKey", "messageSecret"]

/**
 * `jsonb` refuses `\u0000` and lone surrogates. `JSON.stringify` escapes exactly those (it writes a
 * paired surrogate as a character), so a search in the text finds them.
 */
const unstorableInText = /\\u(?:0000|d[89a-f])/i

const isUnstorable = (text: string): boolean =>
  // A search for a text takes a fraction of the time of a search for a pattern, and most texts have no `\u`.
  // Stryker disable next-line ConditionalExpression,LogicalOperator,StringLiteral: the pattern alone gives the same
  text.includes("\\u") && unstorableInText.test(text)

/**
 * JSON text of a value, or the reason why it has none. Costs one stringify, unless there is something to
 * mend or to omit.
 */
export const encode = (
  value: unknown,
  scrub: Scrub,
  omit: ReadonlyArray<string> = []
): Either.Either<JsonText, string> => {
  try {
    const text = written(value, omit)
    if (text === undefined) return Either.left("not a JSON value")
    if (!isShallow(text) && isTooDeep(value)) return Either.left(tooDeep)
    return Either.right(
      scrubbed(
        !isUnstorable(text) && scrub.ours(text) === text
          ? text
          : (written(clean(value, scrub.ours), omit) ?? text)
      )
    )
  } catch (error) {
    // A BigInt, a cycle, or more levels than the stack has room for.
    return Either.left(
      isTooDeep(value)
        ? tooDeep
        : `no JSON form: ${error instanceof Error ? error.message : String(error)}`
    )
  }
}

/** `undefined` for a value that JSON does not have. */
const written = (value: unknown, omit: ReadonlyArray<string>): string | undefined => {
  const text: string | undefined = JSON.stringify(value)
  // Stryker disable next-line ConditionalExpression,LogicalOperator,StringLiteral: the slower way alone gives the same
  return text !== undefined && omit.some((key) => text.includes(`"${key}":`))
    ? JSON.stringify(value, (key, inner) => (omit.includes(key) ? undefined : inner))
    : text
}

// Stryker disable all: the walk that this saves tells the same
/** True for most texts: with fewer opening brackets than `maxNesting`, they cannot nest deeper than that. */
const isShallow = (text: string): boolean => {
  let left = maxNesting
  for (const opening of ["{", "["])
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1))
      if (--left === 0) return false
  return true
}
// Stryker restore all

/** JSON text of any value. If it has none that Postgres takes, its text as one JSON string. */
export const whole = (value: unknown, scrub: Scrub, omit?: ReadonlyArray<string>): JsonText =>
  Either.getOrElse(encode(value, scrub, omit), () =>
    scrubbed(JSON.stringify(storable(scrub.ours(textOf(value, omit)))))
  )

/** JSON text of a value read back from the log: it was scrubbed before it was written. */
export const fromLog = (value: unknown): JsonText => scrubbed(JSON.stringify(value))

/**
 * JSON text as one JSON string in ASCII: a database takes that where it refuses the JSON, or has not all
 * characters in its encoding. Such a string itself stays as it is.
 */
export const quoted = (json: JsonText): JsonText =>
  json.startsWith('"') && inAscii(json) === json ? json : scrubbed(JSON.stringify(inAscii(json)))

/** Text with JSON's escapes for all characters beyond ASCII. */
export const inAscii = (text: string): string =>
  text.replace(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

/** Stands for data that may hold a secret anywhere. */
export const withheld: JsonText = scrubbed(JSON.stringify(redacted))

/** Text that a Postgres `text` or `jsonb` takes: U+FFFD for NUL and for lone surrogates. */
export const storable = (text: string): string => text.replaceAll("\u0000", "\uFFFD").toWellFormed()

/** The value with every text storable and passed through `blot`. */
export const clean = (value: unknown, blot: (text: string) => string): unknown => {
  if (typeof value === "string") return storable(blot(value))
  if (typeof value === "number") return blot(String(value)) === String(value) ? value : redacted
  if (Array.isArray(value)) return value.map((one) => clean(one, blot))
  if (!Predicate.isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storable(blot(key)), clean(inner, blot)])
  )
}

/** Evolution leaves a key out, or sets it to null, as it pleases. */
export const optionalOrNull = <S extends Schema.Schema.Any>(schema: S) =>
  Schema.optional(Schema.NullOr(schema))
