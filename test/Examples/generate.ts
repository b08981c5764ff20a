/**
 * Writes the calls of the Python and the PHP example from the API's description:
 *
 *     node --import tsx test/Examples/generate.ts
 *
 * The rest of these files is written by hand: how to ask, and how to follow the stream.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Api } from "../../src/Http/Api.ts"

const root = join(import.meta.dirname, "../..")

const Field = Schema.Struct({
  $ref: Schema.optional(Schema.String),
  type: Schema.optional(Schema.String),
  pattern: Schema.optional(Schema.String)
})

/** The parts of a description that the examples need. */
const Description = Schema.Struct({
  paths: Schema.Record({
    key: Schema.String,
    value: Schema.Record({
      key: Schema.Literal("get", "post", "delete"),
      value: Schema.Struct({
        operationId: Schema.String,
        summary: Schema.String,
        parameters: Schema.Array(
          Schema.Struct({
            name: Schema.String,
            in: Schema.Literal("path", "query", "header"),
            required: Schema.Boolean,
            schema: Field
          })
        ),
        requestBody: Schema.optional(
          Schema.Struct({
            content: Schema.Struct({
              "application/json": Schema.Struct({ schema: Schema.Struct({ $ref: Schema.String }) })
            })
          })
        )
      })
    }).pipe(Schema.partial)
  }),
  components: Schema.Struct({
    schemas: Schema.Record({ key: Schema.String, value: Schema.Unknown })
  })
})

const Body = Schema.Struct({
  required: Schema.Array(Schema.String),
  properties: Schema.Record({ key: Schema.String, value: Field })
})

type Kind = "any" | "boolean" | "integer" | "string"

interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "body"
  readonly kind: Kind
  readonly isRequired: boolean
}

export interface Operation {
  /** The group and the name in it. */
  readonly words: readonly [group: string, name: string]
  readonly method: string
  readonly path: string
  readonly summary: string
  /** Those that a caller has to give come first. */
  readonly parameters: ReadonlyArray<Parameter>
  readonly hasBody: boolean
}

/** The operations that answer once. Streams are followed by what is written by hand. */
export const operationsOf = (document: unknown): ReadonlyArray<Operation> => {
  const { components, paths } = Schema.decodeUnknownSync(Description)(document)
  const named = (reference: string): unknown =>
    components.schemas[reference.split("/").at(-1) ?? ""]
  const bodyOf = (reference: string) => Schema.decodeUnknownSync(Body)(named(reference))
  /** A number in an address is a text of digits. */
  const kindOf = ({ $ref, pattern, type }: typeof Field.Type): Kind => {
    if ($ref?.endsWith("/BooleanFromString")) return "boolean"
    if ($ref !== undefined) return kindOf(Schema.decodeUnknownSync(Field)(named($ref)))
    if (type === "integer" || pattern?.startsWith("^\\d{1,16}$")) return "integer"
    return type === "string" ? "string" : "any"
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]): ReadonlyArray<Operation> => {
      if (operation === undefined || path.endsWith("/stream")) return []
      const [group = "", name = ""] = operation.operationId.split(".")
      const reference = operation.requestBody?.content["application/json"].schema.$ref
      const body = reference === undefined ? undefined : bodyOf(reference)
      const parameters: ReadonlyArray<Parameter> = [
        ...operation.parameters.flatMap(({ in: place, name, required, schema }) =>
          place === "header"
            ? []
            : [{ name, in: place, kind: kindOf(schema), isRequired: required } as const]
        ),
        ...Object.entries(body?.properties ?? {}).map(([name, schema]) => ({
          name,
          in: "body" as const,
          kind: kindOf(schema),
          isRequired: body?.required.includes(name) === true
        }))
      ]
      return [
        {
          words: [group, name],
          method: method.toUpperCase(),
          path,
          summary: operation.summary,
          parameters: parameters.toSorted((a, b) => Number(b.isRequired) - Number(a.isRequired)),
          hasBody: body !== undefined
        }
      ]
    })
  )
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (upper) => `_${upper.toLowerCase()}`)

const python = ({ hasBody, method, parameters, path, summary, words }: Operation): string => {
  const variable = (name: string) => (name === "from" ? "from_" : snake(name))
  const type = { any: "Any", boolean: "bool", integer: "int", string: "str" } as const
  const given = parameters.map(({ isRequired, kind, name }) =>
    isRequired
      ? `${variable(name)}: ${type[kind]}`
      : `${variable(name)}: Optional[${type[kind]}] = None`
  )
  const dict = (place: Parameter["in"]) =>
    `{${parameters
      .filter((one) => one.in === place)
      .map(({ name }) => `"${name}": ${variable(name)}`)
      .join(", ")}}`
  const asked = [
    `"${method}"`,
    `"${path}"`,
    dict("path"),
    dict("query"),
    hasBody ? dict("body") : "None"
  ]
  return [
    `    def ${snake(words.join("_"))}(${["self", ...(given.length > 0 ? ["*"] : []), ...given].join(", ")}) -> Any:`,
    `        """${summary}."""`,
    `        return self._call(${asked.join(", ")})`
  ].join("\n")
}

const php = ({
  hasBody,
  method,
  parameters,
  path,
  summary,
  words: [group, name]
}: Operation): string => {
  const type = { any: "mixed", boolean: "bool", integer: "int", string: "string" } as const
  const given = parameters.map(({ isRequired, kind, name }) => {
    const nullable = kind === "any" ? "mixed" : `?${type[kind]}`
    return isRequired ? `${type[kind]} $${name}` : `${nullable} $${name} = null`
  })
  const array = (place: Parameter["in"]) =>
    `[${parameters
      .filter((one) => one.in === place)
      .map(({ name }) => `'${name}' => $${name}`)
      .join(", ")}]`
  const asked = [
    `'${method}'`,
    `'${path}'`,
    array("path"),
    array("query"),
    hasBody ? array("body") : "null"
  ]
  const called = `${group}${name.replace(/^./, (first) => first.toUpperCase())}`
  return [
    `    /** ${summary}. */`,
    `    public function ${called}(${given.join(", ")}): mixed`,
    "    {",
    `        return $this->call(${asked.join(", ")});`,
    "    }"
  ].join("\n")
}

const begin = "generated from /openapi.json"
const end = "end of what is generated"

/** The examples' files, and their text with the calls of a description. */
export const examples = [
  ["examples/python/evolution_listener.py", python],
  ["examples/php/EvolutionListener.php", php]
] as const

export const written = (
  [path, language]: (typeof examples)[number],
  operations: ReadonlyArray<Operation>
): string => {
  const [before, rest = ""] = readFileSync(join(root, path), "utf8").split(`${begin}\n`)
  const after = rest.slice(rest.lastIndexOf("\n", rest.indexOf(end)))
  return `${before}${begin}\n\n${operations.map(language).join("\n\n")}\n${after}`
}

if (process.argv[1] === import.meta.filename)
  for (const example of examples)
    writeFileSync(join(root, example[0]), written(example, operationsOf(OpenApi.fromApi(Api))))
