/** Secrets that messages are signed with, as Standard Webhooks writes them. */
import { Schema } from "effect"

const prefix = "whsec_"

const unpadded = (encoded: string): string => encoded.replace(/={0,2}$/, "")

const isWhole = (text: string): boolean => {
  const encoded = text.slice(prefix.length)
  const bytes = Buffer.from(encoded, "base64")
  return (
    text.startsWith(prefix) &&
    bytes.length >= 24 &&
    bytes.length <= 64 &&
    unpadded(bytes.toString("base64")) === unpadded(encoded)
  )
}

/** `whsec_` and the base64 of 24 to 64 bytes. */
export const SigningSecret = Schema.String.pipe(
  Schema.filter(isWhole, {
    message: () => 'Expected "whsec_" and the base64 of 24 to 64 bytes'
  }),
  Schema.annotations({
    identifier: "SigningSecret",
    jsonSchema: { type: "string", pattern: "^whsec_[A-Za-z0-9+/]+={0,2}$", maxLength: 94 }
  })
)
