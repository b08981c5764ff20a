/**
 * The header that Evolution's webhook sends in place of `jwt_key`: a JSON Web Token signed with that key
 * (2.3.6, src/api/integrations/event/webhook/webhook.controller.ts, generateJwtToken).
 */
import { createHmac } from "node:crypto"
import { Redacted } from "effect"

const coded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url")

const head = coded({ alg: "HS256", typ: "JWT" })

/** `now`: ms since 1970 UTC. It is good for ten minutes. */
export const bearer = (key: Redacted.Redacted, now: number): string => {
  const iat = Math.floor(now / 1000)
  const text = `${head}.${coded({ iat, exp: iat + 600, app: "evolution", action: "webhook" })}`
  return `Bearer ${text}.${createHmac("sha256", Redacted.value(key)).update(text).digest("base64url")}`
}
