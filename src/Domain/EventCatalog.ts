/**
 * The catalogue: the data of every event that Evolution documents, and of our own, as schemas. They are strict
 * where a program decides by a field, and let the rest be: fields that a schema does not name stay in the value.
 * Ingest does not use it, so an event of another shape is stored as any other.
 */
import { Either, ParseResult, type Schema } from "effect"
import { entries as contacts } from "./EventCatalog/Contacts.ts"
import { driftOf, type SchemaDrift } from "./EventCatalog/Drift.ts"
import type { Entry } from "./EventCatalog/Entry.ts"
import { entries as groups } from "./EventCatalog/Groups.ts"
import { entries as instances } from "./EventCatalog/Instances.ts"
import { entries as messages } from "./EventCatalog/Messages.ts"
import { entries as own } from "./EventCatalog/Own.ts"
import { entries as typebot } from "./EventCatalog/Typebot.ts"
import { type EventName, toWireName, type WireName } from "./EventName.ts"

export { SchemaDrift } from "./EventCatalog/Drift.ts"
export type { Entry } from "./EventCatalog/Entry.ts"

const all = { ...instances, ...messages, ...contacts, ...groups, ...typebot, ...own }

export type Name = EventName

/** The data of an event, by its name in either form; `unknown` for a name that is not in the catalogue. */
export type Data<Spelling extends string> = Spelling extends unknown
  ? WireName<Spelling> extends infer Wire extends Name
    ? (typeof all)[Wire]["schema"]["Type"]
    : unknown
  : never

/** Each entry, by wire name. */
export const entries: { readonly [Wire in Name]: Entry<Data<Wire>> } = all

/** The wire names of all events in the catalogue. */
export const names: ReadonlyArray<Name> =
  // `Object.keys` gives these keys, and TypeScript no more than text.
  Object.keys(entries) as Array<Name>

const isName = (event: string): event is Name => Object.hasOwn(entries, event)

type Check = (data: unknown) => Either.Either<unknown, SchemaDrift>

const checks = new Map<Name, Check>()

/** Made at the first event of that name: most programs handle few names. */
const checkOf = (event: Name): Check => {
  const before = checks.get(event)
  if (before !== undefined) return before
  // A schema is invariant, so the union of them has no type to decode to but `unknown`.
  const schema = entries[event].schema as Schema.Schema<unknown>
  const decodeFirst = ParseResult.decodeUnknownEither(schema)
  const check: Check = (data) =>
    Either.mapBoth(decodeFirst(data), {
      onLeft: (issue) => driftOf(event, schema, issue),
      onRight: () => data
    })
  checks.set(event, check)
  return check
}

/**
 * The data, typed, if it is as the catalogue says. The value is the one that was given. The data of an event
 * that is not in the catalogue passes, as `unknown`.
 */
export const decode = <const Spelling extends string>(
  event: Spelling,
  data: unknown
): Either.Either<Data<Spelling>, SchemaDrift> => {
  const wire = toWireName(event)
  const checked = isName(wire) ? checkOf(wire)(data) : Either.right(data)
  // Sound: the schema of this name accepts it.
  return checked as Either.Either<Data<Spelling>, SchemaDrift>
}
