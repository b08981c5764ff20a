/** Secrets that messages are signed with, as Standard Webhooks writes them. */
import { Schema } from "effect"

const isWhole = (text: string): boolean => {
  const encoded = /^whsec_([A-Za-z0-9+/]+)={0,2}$/.exec(text)?.[1]
  if (encoded === undefined || encoded.length % 4 === 1) return false
  const bytes = atob(encoded)
  // Another text of the same bytes would be another secret to the eye.
  const isCanonical = btoa(bytes).replace(/={0,2}$/, "") === encoded
  return isCanonical && bytes.length >= 24 && bytes.length <= 64
}

/** `whsec_` and the base64 of 24 to 64 bytes. */
export const SigningSecret = Schema.String.pipe(
  Schema.filter(isWhole, {
    message: () => 'Expected "whsec_" and the base64 of 24 to 64 bytes'
  }),
  Schema.annotations({
    identifier: "SigningSecret",
    jsonSchema: { type: "string", pattern: "^whsec_[A-Za-z0-9+/]+={0,2}$", maxLength: 94 },
    arbitrary: () => (fc) =>
      fc
        .uint8Array({ minLength: 24, maxLength: 64 })
        .map((bytes) => `whsec_${btoa(String.fromCharCode(...bytes))}`)
  })
)
