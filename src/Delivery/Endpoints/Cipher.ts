/** Encryption of secrets at rest: AES-256-GCM, with keys that HKDF derives from settings. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"
import { Option, Redacted, Schema } from "effect"

/** An encrypted text, and the id of the key that can read it. */
export const Sealed = Schema.Struct({ key: Schema.String, data: Schema.String })
export type Sealed = typeof Sealed.Type

export interface Cipher {
  /** The id of the key that encrypts. */
  readonly key: string
  /** `use`: what the secret is for. One that was moved to another place in the database is not read there. */
  readonly seal: (secret: Redacted.Redacted, use: string) => Sealed
  /** `None`: none of the keys encrypted it, for this use. */
  readonly open: (sealed: Sealed, use: string) => Option.Option<Redacted.Redacted>
}

const algorithm = "aes-256-gcm"
const ivBytes = 12
const tagBytes = 16

const derived = (secret: Redacted.Redacted) => {
  const derive = (use: string, bytes: number) =>
    Buffer.from(hkdfSync("sha256", Redacted.value(secret), "", `evolution-listener ${use}`, bytes))
  return { id: derive("id of secrets", 4).toString("hex"), key: derive("secrets", 32) }
}

/** The first key encrypts, all of them decrypt. */
export const make = (
  secrets: readonly [Redacted.Redacted, ...ReadonlyArray<Redacted.Redacted>]
): Cipher => {
  const [first, ...others] = secrets
  const own = derived(first)
  const keys = new Map([...others.map(derived), own].map(({ id, key }) => [id, key]))
  return {
    key: own.id,
    seal: (secret, use) => {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv(algorithm, own.key, iv).setAAD(Buffer.from(use))
      const text = Buffer.concat([cipher.update(Redacted.value(secret), "utf8"), cipher.final()])
      const data = Buffer.concat([iv, cipher.getAuthTag(), text]).toString("base64url")
      return { key: own.id, data }
    },
    open: ({ data, key: id }, use) =>
      Option.flatMap(Option.fromNullable(keys.get(id)), (key) =>
        Option.map(decrypt(Buffer.from(data, "base64url"), key, use), Redacted.make)
      )
  }
}

const decrypt = Option.liftThrowable((data: Buffer, key: Buffer, use: string): string => {
  const decipher = createDecipheriv(algorithm, key, data.subarray(0, ivBytes), {
    authTagLength: tagBytes
  })
  decipher.setAAD(Buffer.from(use)).setAuthTag(data.subarray(ivBytes, ivBytes + tagBytes))
  return Buffer.concat([
    decipher.update(data.subarray(ivBytes + tagBytes)),
    decipher.final()
  ]).toString("utf8")
})
