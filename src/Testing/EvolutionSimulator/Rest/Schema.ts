/** The checks that Evolution's JSON schemas make of a body, and the sentences of the library that makes them. */

/** The kind of a field: a phone number, a JSON type, one of some words, or an object with fields. */
export type Field =
  | "number"
  | "string"
  | "decimal"
  | "boolean"
  | ReadonlyArray<string>
  | { readonly [name: string]: Field }

/** The required fields of a body. */
export type Fields = Readonly<Record<string, Field>>

/** Every problem of the body, wrong values before missing ones. */
export const problemsOf = (
  fields: Fields,
  body: Readonly<Record<string, unknown>>,
  path = ""
): ReadonlyArray<string> => {
  const known = Object.entries(fields)
  const wrong = known.flatMap(([name, field]) =>
    body[name] === undefined ? [] : problemsIn(field, body[name], `${path}${name}`)
  )
  const missing = known
    .filter(([name]) => body[name] === undefined)
    .map(
      ([name]) =>
        `${path === "" ? "instance" : path.slice(0, -1)} requires property ${JSON.stringify(name)}`
    )
  return [...wrong, ...missing]
}

const types = { number: "string", string: "string", decimal: "number", boolean: "boolean" } as const

const problemsIn = (field: Field, value: unknown, path: string): ReadonlyArray<string> => {
  if (typeof field === "string") {
    const type = types[field]
    if (typeof value === type) return []
    return [field === "number" ? "Invalid format" : `${path} is not of a type(s) ${type}`]
  }
  if (isWords(field))
    return field.some((word) => word === value)
      ? []
      : [`${path} is not one of enum values: ${field.join()}`]
  if (typeof value !== "object" || value === null) return [`${path} is not of a type(s) object`]
  return problemsOf(field, { ...value }, `${path}.`)
}

const isWords = (field: Field): field is ReadonlyArray<string> => Array.isArray(field)
