/** Readers: from the content of one kind to its facts. */
import { DateTime, Option } from "effect"
import type { Body } from "../Body.ts"
import { type Fields, filledAt, textAt } from "../Fields.ts"

/** A message's facts and its words, as far as one field of the content tells them. */
export interface Reading {
  readonly body: Body
  /** As it was written. */
  readonly text: string | null
}

export interface Around {
  /** The outermost content. */
  readonly message: Fields
  readonly isKeyWanted: boolean
  /** Reads a content in this one. */
  readonly inner: (content: unknown) => Reading | null
}

export type Reader = (content: Fields, around: Around) => Reading

export const idAt = (content: Fields, ...path: ReadonlyArray<string>): string | null =>
  filledAt(content, ...path, "id")

export const firstText = (
  content: unknown,
  ...paths: ReadonlyArray<ReadonlyArray<string>>
): string | null =>
  paths.reduce<string | null>((found, path) => found ?? textAt(content, ...path), null)

/** The end of the year 9999: later times have more digits than ISO 8601 gives a year. */
const lastSecond = 253_402_300_799

/** A time in seconds since 1970 UTC; `null` for 0, which stands for none. */
export const timeOf = (seconds: number | null): DateTime.Utc | null =>
  seconds === null || seconds < 1 || seconds > lastSecond
    ? null
    : Option.getOrNull(DateTime.make(seconds * 1000))
