/** Numbers of WhatsApp's protocol, which are wider than JavaScript's. */
import { Predicate, Schema } from "effect"
import { openStruct } from "./OpenStruct.ts"

/**
 * A 64-bit number as it comes in an event: a number, its decimal digits (protobufjs' `toJSON`), or the two
 * halves of protobufjs' `Long`, each a signed 32-bit number.
 */
export const WideNumber = Schema.Union(
  Schema.Number,
  Schema.String.pipe(Schema.pattern(/^-?\d{1,20}$/)),
  openStruct({
    low: Schema.Int,
    high: Schema.Int,
    unsigned: Schema.optional(Schema.Boolean)
  })
).annotations({ identifier: "WideNumber" })
export type WideNumber = typeof WideNumber.Type

/** The number, as near as a double comes to it; `null` for any other value. */
export const numberIn = (value: unknown): number | null => {
  if (typeof value === "number") return Number.isFinite(value) ? value : null
  if (typeof value === "string") return /^-?\d{1,20}$/.test(value) ? Number(value) : null
  if (!Predicate.isRecord(value)) return null
  const { high, low, unsigned } = value
  if (!Number.isInteger(low) || !Number.isInteger(high)) return null
  const upper = unsigned === true ? Number(high) >>> 0 : Number(high) | 0
  return upper * 2 ** 32 + (Number(low) >>> 0)
}
