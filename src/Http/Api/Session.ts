/** Sign-in by a link that works once. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import { Unauthorized } from "./Errors.ts"

const Ticket = Schema.Struct({ ticket: Schema.Redacted(Schema.String) }).annotations({
  identifier: "Ticket"
})

export const SessionToken = Schema.Struct({
  /** Stands for the key until it expires. */
  token: Schema.String,
  expiresAt: Schema.DateTimeUtc
}).annotations({ identifier: "SessionToken" })

export const session = HttpApiGroup.make("session").add(
  HttpApiEndpoint.post("open", "/session")
    .setPayload(Ticket)
    .addSuccess(SessionToken.annotations(HttpApiSchema.annotations({ status: 201 })))
    .addError(Unauthorized, { status: 401 })
    .addError(DatabaseUnavailable, { status: 503 })
    .annotate(OpenApi.Summary, "Exchange the ticket of a sign-in link for a session token")
)
