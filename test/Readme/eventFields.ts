/** The fields of an event's data as a page shows them, from its schema. */
import { Option, SchemaAST } from "effect"

export interface Field {
  /** `*` is a place in a list, or a key that is data; `?` marks a field that may be left out or `null`. */
  readonly path: string
  readonly type: string
  readonly meaning: string
}

/** A field in one form of the data. */
interface Found {
  readonly path: string
  readonly types: ReadonlyArray<string>
  readonly isOptional: boolean
  readonly meaning: string
}

const described = (annotated: SchemaAST.Annotated): string | undefined =>
  Option.getOrUndefined(SchemaAST.getDescriptionAnnotation(annotated))

const typesOf = (ast: SchemaAST.AST): ReadonlyArray<string> => {
  const examples = Option.getOrUndefined(SchemaAST.getExamplesAnnotation(ast))
  if (ast._tag === "StringKeyword" && examples !== undefined)
    return [...examples.map((one) => `\`${one}\``), "another text"]
  switch (ast._tag) {
    case "StringKeyword":
      return ["text"]
    case "NumberKeyword":
      return ["number"]
    case "BooleanKeyword":
      return ["true or false"]
    case "Literal":
      return [`\`${ast.literal}\``]
    case "UndefinedKeyword":
      return []
    case "UnknownKeyword":
      return ["anything"]
    case "TypeLiteral":
      return ["object"]
    case "TupleType":
      return ast.rest.flatMap(({ type }) => typesOf(type)).map((type) => listOf(type))
    case "Union":
      return ast.types.flatMap(typesOf)
    case "Refinement":
      return typesOf(ast.from)
    case "Suspend":
      return ["object"]
    default:
      throw new Error(`No word for ${ast._tag}`)
  }
}

const listOf = (type: string): string =>
  ({ text: "list of texts", object: "list of objects" })[type] ?? `list of ${type}`

/** The struct within lists and unions, as its forms. */
const formsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.TypeLiteral> => {
  switch (ast._tag) {
    case "TypeLiteral":
      return [ast]
    case "TupleType":
      return ast.rest.flatMap(({ type }) => formsOf(type))
    case "Union":
      return ast.types.flatMap(formsOf)
    default:
      return []
  }
}

const isListed = (ast: SchemaAST.AST): boolean =>
  SchemaAST.isTupleType(ast) || (SchemaAST.isUnion(ast) && ast.types.some(isListed))

const inForm = (form: SchemaAST.TypeLiteral, prefix: string): ReadonlyArray<Found> => [
  ...form.propertySignatures.flatMap((signature) => {
    const { isOptional, name, type } = signature
    const meaning = described(signature)
    if (meaning === undefined) return []
    const path = `${prefix}${String(name)}`
    const isList = isListed(type)
    const own = { path, types: typesOf(type), isOptional, meaning }
    return [own, ...within(type, `${path}.${isList ? "*." : ""}`)]
  }),
  ...form.indexSignatures.flatMap(({ type }) => within(type, `${prefix}*.`))
]

/** The fields of all forms, each once, in the order in which they are found. */
const within = (ast: SchemaAST.AST, prefix: string): ReadonlyArray<Found> => {
  const forms = formsOf(ast).map((form) => inForm(form, prefix))
  const paths = new Set(forms.flatMap((fields) => fields.map(({ path }) => path)))
  return [...paths].flatMap((path) => {
    const found = forms.flatMap((fields) => fields.find((field) => field.path === path) ?? [])
    const [first] = found
    if (first === undefined) return []
    return [
      {
        ...first,
        types: found.flatMap(({ types }) => types),
        isOptional: found.length < forms.length || found.some(({ isOptional }) => isOptional)
      }
    ]
  })
}

export const fieldsOf = (ast: SchemaAST.AST): ReadonlyArray<Field> =>
  within(ast, "").map(({ isOptional, meaning, path, types }) => {
    const shown = [...new Set(types)].filter((type) => !isOptional || type !== "`null`")
    return {
      path: isOptional ? `${path}?` : path,
      type: shown.join(", ").replaceAll("|", "\\|"),
      meaning: meaning.replaceAll("|", "\\|")
    }
  })

/** The data as a whole, in words. */
export const shapeOf = (ast: SchemaAST.AST): string =>
  [...new Set(typesOf(ast))]
    .map((type) =>
      /^(?:object|list)/.test(type) ? `${type === "object" ? "an" : "a"} ${type}` : type
    )
    .join(", or ")
