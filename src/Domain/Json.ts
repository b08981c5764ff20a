/** From a JSON value to text that Postgres takes and that holds no secret. */
import { Either, Predicate, Schema } from "effect"
import { isTooDeep, tooDeep } from "./Nesting.ts"
import { redacted, type Scrub, unconfigured, withoutSecrets } from "./Scrub.ts"

/**
 * `jsonb` refuses `\u0000` and lone surrogates. `JSON.stringify` escapes exactly those (a paired
 * surrogate it writes as a character), so the text tells whether the value needs work.
 */
const unstorableInText = /\\u(?:0000|d[89a-f])/i

/** JSON text of a value; on the left, why it has none. */
export const encode = (
  value: unknown,
  scrub: Scrub = unconfigured
): Either.Either<string, string> =>
  isTooDeep(value) ? Either.left(tooDeep) : encodeShallow(value, scrub)

/** The same of a value that is not too deep. Costs one stringify, unless there is something to mend. */
export const encodeShallow = (value: unknown, scrub: Scrub): Either.Either<string, string> => {
  try {
    const scrubbed = withoutSecrets(value)
    const text = JSON.stringify(scrubbed)
    if (text === undefined) return Either.left("not a JSON value")
    return Either.right(
      (text.includes("\\u") && unstorableInText.test(text)) || scrub.tells(text)
        ? JSON.stringify(clean(scrubbed, scrub.blot))
        : text
    )
  } catch (error) {
    // A BigInt.
    return Either.left(`no JSON form: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Text that a Postgres `text` or `jsonb` takes: U+FFFD for NUL and for lone surrogates. */
export const storable = (text: string): string => text.replaceAll("\u0000", "\uFFFD").toWellFormed()

/** The same value with nothing in its texts that Postgres refuses, and without what `blot` takes out. */
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
