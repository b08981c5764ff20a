/** The places at which an event's data is not as its schema says. They never hold a value. */
import { Array as Arr, Data, ParseResult, type Schema, type SchemaAST } from "effect"

/** The data of an event is not as this version knows it. The event itself is in the log, whole. */
export class SchemaDrift extends Data.TaggedError("SchemaDrift")<{
  /** The wire's name. */
  readonly event: string
  /** The first place, in each form of the data. E.g. `*.participants.*.id`: an asterisk is a place in a list, or a key that is data. */
  readonly paths: ReadonlyArray<string>
  readonly message: string
}> {}

export const driftOf = (
  event: string,
  { ast }: Schema.Schema.Any,
  issue: ParseResult.ParseIssue
): SchemaDrift => {
  const fields = fieldsOf(ast)
  const found = ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ path }) =>
    path.map((key) => (fields.has(key) ? String(key) : "*")).join(".")
  )
  // Where a form of a union nearly fits, the misfit of its other forms says nothing.
  const deepest = Arr.dedupe(found).filter(
    (path) =>
      !found.some((other) => other !== path && (path === "" || other.startsWith(`${path}.`)))
  )
  const paths = deepest.map((path) => (path === "" ? "data" : path))
  const message = `The data of "${event}" is not as this version knows it, at ${paths.join(", ")}`
  return new SchemaDrift({ event, paths, message })
}

const known = new WeakMap<SchemaAST.AST, ReadonlySet<PropertyKey>>()

/** The names of all fields in a schema: any other key of its values may be an address. */
const fieldsOf = (ast: SchemaAST.AST): ReadonlySet<PropertyKey> => {
  const before = known.get(ast)
  if (before !== undefined) return before
  const fields = new Set<PropertyKey>()
  const seen = new Set<SchemaAST.AST>()
  const walk = (one: SchemaAST.AST): void => {
    if (seen.has(one)) return
    seen.add(one)
    switch (one._tag) {
      case "TypeLiteral":
        for (const { name, type } of one.propertySignatures) {
          fields.add(name)
          walk(type)
        }
        for (const { type } of one.indexSignatures) walk(type)
        return
      case "TupleType":
        for (const { type } of [...one.elements, ...one.rest]) walk(type)
        return
      case "Union":
        for (const type of one.types) walk(type)
        return
      case "Refinement":
        walk(one.from)
        return
      case "Suspend":
        walk(one.f())
    }
  }
  walk(ast)
  known.set(ast, fields)
  return fields
}
