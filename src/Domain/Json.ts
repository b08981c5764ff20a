/** From a JSON value to text that Postgres takes and that holds no secret. */
import { Either, Predicate, Schema } from "effect"

/**
 * Keys whose values never leave this module: Evolution puts its global key into
 * `typebot.change-status` (`data.session.parameters.apiKey`) and may put instance tokens beside events.
 */
const secretKey = /^(?:api[_-]?key|instance[_-]?token|access[_-]?token|authorization)$/i
const secretKeyInText = /"(?:api[_-]?key|instance[_-]?token|access[_-]?token|authorization)":/i

/**
 * `jsonb` refuses `\u0000` and lone surrogates. `JSON.stringify` escapes exactly those (a paired
 * surrogate it writes as a character), so the text tells whether the value needs work.
 */
const unstorableInText = /\\u(?:0000|d[89a-f])/i

/** Far more than any WhatsApp message has, far less than a parser's stack or Postgres' takes. */
const maxNesting = 256

export const tooDeep = `nested deeper than ${maxNesting} levels`

/** Whether a value has more levels than anything here could walk; never walks deeper than that. */
export const isTooDeep = (value: unknown, levels: number = maxNesting): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1)))

/** JSON text of a value; on the left, why it has none. Costs one stringify unless there is something to mend. */
export const encode = (value: unknown): Either.Either<string, string> => {
  if (isTooDeep(value)) return Either.left(tooDeep)
  try {
    const text = JSON.stringify(value)
    if (text === undefined) return Either.left("not a JSON value")
    return Either.right(
      secretKeyInText.test(text) || unstorableInText.test(text)
        ? JSON.stringify(clean(value))
        : text
    )
  } catch (error) {
    // A BigInt; a cycle has no end of levels.
    return Either.left(`no JSON form: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Text that a Postgres `text` or `jsonb` takes: U+FFFD for NUL and for lone surrogates. */
export const storable = (text: string): string => text.replaceAll("\u0000", "\uFFFD").toWellFormed()

/** The same value with nothing in it that Postgres refuses, and without its secrets. */
export const clean = (value: unknown): unknown => {
  if (typeof value === "string") return storable(value)
  if (Array.isArray(value)) return value.map(clean)
  if (!Predicate.isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      storable(key),
      secretKey.test(key) && inner !== null ? "[redacted]" : clean(inner)
    ])
  )
}

/** Evolution leaves a key out, or sets it to null, as it pleases. */
export const optionalOrNull = <S extends Schema.Schema.Any>(schema: S) =>
  Schema.optional(Schema.NullOr(schema))
