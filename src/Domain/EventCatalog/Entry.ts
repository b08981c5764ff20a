/** An entry of the catalogue, and the parts that the schemas of entries are made of. */
import { Schema, SchemaAST } from "effect"
import { optionalOrNull } from "../Json.ts"

/** An event: the schema of its data, and words about it. */
export interface Entry<Data> {
  /** Decodes to the value that it is given: fields that it does not name are ignored. */
  readonly schema: Schema.Schema<Data>
  readonly title: string
  readonly description: string
  /**
   * The first version of Evolution that emits it, of those that were read (2.2.0 to 2.4.0-rc2); `none`: no version
   * does; `own`: this service does.
   */
  readonly since: `${number}.${number}.${number}` | "none" | "own"
  /** A file of EvolutionAPI/evolution-api or of this service, and a name in it. */
  readonly source: string
}

const baileysFile = "src/api/integrations/channel/whatsapp/whatsapp.baileys.service.ts"

/** The place in Evolution's channel for WhatsApp Web, which is built on Baileys. */
export const baileys = (name: string): string => `${baileysFile}, \`${name}\``

/** The entry, with its title and description also in the schema, as JSON Schema has them. */
export const entry = <Data>({
  schema,
  ...about
}: Omit<Entry<Data>, "since"> & { readonly since?: Entry<Data>["since"] }): Entry<Data> => {
  const { description, title } = about
  return { since: "2.2.0", ...about, schema: schema.annotations({ title, description }) }
}

/** A field that every event of its form has. */
export const field = <Value>(schema: Schema.Schema<Value>, description: string) =>
  Schema.propertySignature(schema).annotations({ description })

/** A field that may be left out or `null`. */
export const maybe = <Value>(schema: Schema.Schema<Value>, description: string) =>
  optionalOrNull(schema).annotations({ description })

/** One of the texts that are known, or another one that a later version sends. */
export const oneOf = <const Known extends string>(
  ...known: readonly [Known, ...ReadonlyArray<Known>]
): Schema.Schema<Known | (string & {})> => Schema.String.annotations({ examples: known })

/** A value that comes alone or in a list. */
export const oneOrMany = <Value>(schema: Schema.Schema<Value>) =>
  Schema.Union(Schema.Array(schema), schema)

/** Keeps the fields that it does not name. */
const open: SchemaAST.IndexSignature = new SchemaAST.IndexSignature(
  Schema.String.ast,
  Schema.Unknown.ast,
  true
)

type Descriptions = Readonly<Record<string, string>>

/** The descriptions of the fields within a field. */
const within = (name: string, descriptions: Descriptions): Descriptions =>
  Object.fromEntries(
    Object.entries(descriptions).flatMap(([path, text]) =>
      path.startsWith(`${name}.`) ? [[path.slice(name.length + 1), text]] : []
    )
  )

const describe = (ast: SchemaAST.AST, descriptions: Descriptions): SchemaAST.AST => {
  if (Object.keys(descriptions).length === 0) return ast
  if (SchemaAST.isUnion(ast)) {
    const types = ast.types.map((type) => describe(type, descriptions))
    return SchemaAST.Union.make(types, ast.annotations)
  }
  if (SchemaAST.isTupleType(ast)) {
    const rest = ast.rest.map(({ type }) => new SchemaAST.Type(describe(type, descriptions)))
    return new SchemaAST.TupleType(ast.elements, rest, ast.isReadonly, ast.annotations)
  }
  if (!SchemaAST.isTypeLiteral(ast)) return ast
  const fields = ast.propertySignatures.map(
    ({ annotations, isOptional, isReadonly, name, type }) =>
      new SchemaAST.PropertySignature(
        name,
        describe(type, within(String(name), descriptions)),
        isOptional,
        isReadonly,
        { ...annotations, [SchemaAST.DescriptionAnnotationId]: descriptions[String(name)] }
      )
  )
  return new SchemaAST.TypeLiteral(fields, [open], ast.annotations)
}

/** The schema, with descriptions at the fields on these paths; its value has all fields of the input. */
export const described = <Value>(
  schema: Schema.Schema<Value>,
  descriptions: Descriptions
): Schema.Schema<Value> => Schema.make(describe(schema.ast, descriptions))
