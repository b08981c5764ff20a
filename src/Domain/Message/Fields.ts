/** Reads a field of JSON whatever its shape: a field of another type than the one asked for is not there. */
import { Predicate } from "effect"
import { numberIn } from "./Numbers.ts"

export type Fields = { readonly [key: string]: unknown }

/** The value at the end of the path; `undefined` where the path ends before. */
export const at = (value: unknown, ...path: ReadonlyArray<string>): unknown => {
  let found = value
  for (const key of path) {
    if (!Predicate.isRecord(found) || !Object.hasOwn(found, key)) return undefined
    found = found[key]
  }
  return found
}

export const fieldsAt = (value: unknown, ...path: ReadonlyArray<string>): Fields | null => {
  const found = at(value, ...path)
  return Predicate.isRecord(found) ? found : null
}

export const textAt = (value: unknown, ...path: ReadonlyArray<string>): string | null => {
  const found = at(value, ...path)
  return typeof found === "string" ? found : null
}

/** A text that is not empty: protobuf's default for a text that was not sent is the empty one. */
export const filledAt = (value: unknown, ...path: ReadonlyArray<string>): string | null =>
  textAt(value, ...path) || null

export const numberAt = (value: unknown, ...path: ReadonlyArray<string>): number | null =>
  numberIn(at(value, ...path))

export const flagAt = (value: unknown, ...path: ReadonlyArray<string>): boolean =>
  at(value, ...path) === true

export const listAt = (value: unknown, ...path: ReadonlyArray<string>): ReadonlyArray<unknown> => {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}
