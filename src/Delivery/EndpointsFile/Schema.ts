/** The shape of the file: the fields of `POST /endpoints`, where a secret is always a reference. */
import { Schema } from "effect"
import { commonFields, EnvReference, Start, Target } from "../../Domain/Endpoint.ts"

const InFile = Schema.Struct({
  ...commonFields,
  target: Target,
  /** The variable that has the signing secret of a webhook; one is made if absent. */
  secret: Schema.optional(EnvReference),
  /** `now` if absent. */
  start: Schema.optional(
    Start.annotations({
      message: () => ({
        message:
          'Expected "now", "beginning", { "cursor": 42 } or { "time": "2026-11-01T00:00:00Z" }',
        override: true
      })
    })
  )
})
export type InFile = typeof InFile.Type

const File = Schema.Struct({
  endpoints: Schema.Array(InFile).pipe(Schema.maxItems(1000))
}).annotations({ message: () => 'Expected the field "endpoints", a list' })

export const decode = Schema.decodeUnknownEither(File, {
  onExcessProperty: "error",
  errors: "all"
})
