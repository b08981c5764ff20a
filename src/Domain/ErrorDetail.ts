/** The root of an error: its code and its message, found at the bottom of its causes. */
import { Predicate } from "effect"

/** The first `code` among an error and its causes: a SQLSTATE, Node's or OpenSSL's. */
export const codeOf = (error: unknown): string | undefined => {
  if (Predicate.hasProperty(error, "code") && typeof error.code === "string") return error.code
  return Predicate.hasProperty(error, "cause") ? codeOf(error.cause) : undefined
}

/** The message of the innermost cause, for one line of log. It is not scrubbed. */
export const detailOf = (error: unknown): string => {
  let innermost = error
  while (Predicate.hasProperty(innermost, "cause") && innermost.cause != null)
    innermost = innermost.cause
  if (innermost instanceof AggregateError) return innermost.errors.map(detailOf).join("; ")
  return innermost instanceof Error ? innermost.message : String(innermost)
}
