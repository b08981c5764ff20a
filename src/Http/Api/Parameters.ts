/** Parameters of more than one route. */
import { HttpApiSchema } from "@effect/platform"
import { Schema } from "effect"
import { InstanceName } from "../../Domain/Instance.ts"
import { ServerId } from "../../Domain/Server.ts"

export const name = HttpApiSchema.param("name", InstanceName)

/** The Evolution server that is meant; without it the only one there is, `default`, or the only one that has the instance. */
export const server = Schema.optional(ServerId)

/** The parameters of a route about an instance. */
export const OfServer = Schema.Struct({ server })

export const status = (code: number) => ({ status: code })

/** A whole number as text, in decimal digits. */
export const Count = Schema.compose(
  Schema.String.pipe(Schema.pattern(/^\d{1,16}$/, { message: () => "Expected a whole number" })),
  Schema.NumberFromString
).pipe(Schema.int(), Schema.nonNegative())

/** A phone number as Evolution takes it. */
export const Digits = Schema.String.pipe(
  Schema.pattern(/^\d{5,20}$/, {
    message: () => "A number has 5 to 20 digits, country code first, no +"
  })
)
