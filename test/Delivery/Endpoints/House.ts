/** The endpoints' service on a database, with settings of its own. */
import type { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Redacted, type Scope } from "effect"
import { Endpoints } from "../../../src/Delivery/Endpoints.ts"
import type { Settings } from "../../../src/Domain/Endpoint.ts"
import * as Secrets from "../../../src/Telemetry/Secrets.ts"
import { settings } from "../../support/settings.ts"

export const encryptionKey = "an-encryption-key-of-32-characters"
export const variables = { API_KEY: "key-of-the-test", ENCRYPTION_KEY: encryptionKey }

export const hook: Settings = {
  name: "n8n",
  target: { type: "webhook", url: "https://n8n.example.com/webhook" }
}

export const to = (
  target: Partial<Extract<Settings["target"], { type: "webhook" }>>
): Settings => ({
  ...hook,
  target: { type: "webhook", url: "https://n8n.example.com/webhook", ...target }
})

/** A service that begins with what the database has. */
export const started = (
  given: Readonly<Record<string, string>> = variables
): Effect.Effect<
  { readonly store: Endpoints["Type"]; readonly secrets: Secrets.Known },
  unknown,
  SqlClient.SqlClient | Scope.Scope
> =>
  Effect.map(
    Layer.build(Layer.fresh(Endpoints.layer).pipe(Layer.provideMerge(settings(given)))),
    (context) => ({
      store: Context.get(context, Endpoints),
      secrets: Effect.runSync(Effect.provide(Secrets.Secrets, context))
    })
  )

export const shown = (secret: Redacted.Redacted | undefined) =>
  secret === undefined ? undefined : Redacted.value(secret)
