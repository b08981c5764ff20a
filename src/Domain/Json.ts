/** From a JSON value to text that Postgres takes and that holds no secret. */
import { type Brand, Either, Predicate, Schema } from "effect"
import { isTooDeep, maxNesting, tooDeep } from "./Nesting.ts"
import { mayNameWithin, redacted, type Scrub, withoutSecrets } from "./Scrub.ts"
import type { Utf8 } from "./Utf8.ts"

/**
 * JSON text that is free of secrets and fit for `jsonb`. Only this module makes it, so that text which
 * was not scrubbed cannot be written to the log.
 */
export type JsonText = (string | Utf8) & Brand.Brand<"JsonText">

const scrubbed = (text: string): JsonText & string => text as JsonText & string

/**
 * `jsonb` refuses `\u0000` and lone surrogates. `JSON.stringify` escapes exactly those (it writes a
 * paired surrogate as a character), so a search in the text finds them.
 */
const unstorableInText = /\\u(?:0000|d[89a-f])/i

const isUnstorable = (text: string): boolean =>
  // A search for a text takes a fraction of the time of a search for a pattern, and most texts have no `\u`.
  // Stryker disable next-line ConditionalExpression,LogicalOperator,StringLiteral: the pattern alone gives the same
  text.includes("\\u") && unstorableInText.test(text)

/** JSON text of a value, or the reason why it has none. */
export const encode = (value: unknown, scrub: Scrub): Either.Either<JsonText & string, string> =>
  isTooDeep(value) ? Either.left(tooDeep) : encodeShallow(value, scrub)

/** JSON text of a value that is not too deep. Costs one stringify, unless there is something to mend. */
export const encodeShallow = (
  value: unknown,
  scrub: Scrub
): Either.Either<JsonText & string, string> => {
  try {
    const harmless = withoutSecrets(value)
    const text = JSON.stringify(harmless)
    if (text === undefined) return Either.left("not a JSON value")
    return Either.right(
      scrubbed(
        isUnstorable(text) || scrub.mayHoldSecret(text)
          ? JSON.stringify(clean(harmless, scrub.blot))
          : text
      )
    )
  } catch (error) {
    // A BigInt.
    return Either.left(`no JSON form: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** JSON text of a value read back from the log: it was scrubbed before it was written. */
export const fromLog = (value: unknown): JsonText & string => scrubbed(JSON.stringify(value))

/** The whole text as one JSON string: Postgres takes that where it refuses the JSON. */
export const quoted = (json: JsonText): JsonText => scrubbed(JSON.stringify(String(json)))

/** Stands for data that may hold a secret anywhere. */
export const withheld: JsonText & string = scrubbed(JSON.stringify(redacted))

/** `JSON.stringify` writes none of these; a secret could be spelled with them, or what Postgres refuses. */
const unusual = ["\\u", "\\/", "\n", "\r"]

/** The JSON text itself where it has nothing to change; `undefined` where only a decoder can tell. */
export const unchanged = (text: Utf8, scrub: Scrub): JsonText | undefined => {
  const { bytes } = text
  return unusual.some((spelling) => bytes.includes(spelling)) ||
    !isShallow(bytes) ||
    mayNameWithin(bytes) ||
    scrub.mayHoldSecret(bytes)
    ? undefined
    : (text as JsonText)
}

/** Counts opening brackets: fewer than `maxNesting` cannot nest deeper than that. */
const isShallow = (text: string): boolean => {
  let left = maxNesting
  for (const opening of ["{", "["])
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1))
      if (--left === 0) return false
  return true
}

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
