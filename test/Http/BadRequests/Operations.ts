/** What can be asked, as the running service's own description has it. */
import { Schema } from "effect"

const Parameter = Schema.Struct({ name: Schema.String, in: Schema.String })

const Document = Schema.Struct({
  paths: Schema.Record({
    key: Schema.String,
    value: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({
        parameters: Schema.optionalWith(Schema.Array(Parameter), { default: () => [] }),
        requestBody: Schema.optional(Schema.Unknown),
        security: Schema.optionalWith(Schema.Array(Schema.Unknown), { default: () => [] })
      })
    })
  })
})

export interface Operation {
  readonly method: string
  /** With `{name}` where a parameter goes. */
  readonly path: string
  readonly query: ReadonlyArray<string>
  readonly headers: ReadonlyArray<string>
  readonly takesBody: boolean
  readonly takesKey: boolean
}

export const operationsOf = (document: unknown): ReadonlyArray<Operation> =>
  Object.entries(Schema.decodeUnknownSync(Document)(document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody, security }]) => {
      const named = (place: string) =>
        parameters.filter((one) => one.in === place).map(({ name }) => name)
      return {
        method: method.toUpperCase(),
        path,
        query: named("query"),
        headers: named("header").filter((name) => name !== "apikey" && name !== "authorization"),
        takesBody: requestBody !== undefined,
        takesKey: security.length > 0
      }
    })
  )
