/** Data of events with secrets in many shapes, drawn from a seed. */
import { FastCheck } from "effect"

export interface Planted {
  /** Secrets that the service knows: blotted everywhere. */
  readonly known: ReadonlyArray<string>
  /** Unknown secrets, which are blotted because of their names. Base64 of bytes. */
  readonly named: ReadonlyArray<string>
  /** QR codes as text and as a picture, recognised by their look. */
  readonly codes: ReadonlyArray<string>
}

const secretNames = [
  "apikey",
  "apiKey",
  "API_KEY",
  "openaiApiKey",
  "token",
  "instanceToken",
  "wavoip_token",
  "accessTokenWaBusiness",
  "webhook-secret",
  "messageSecret",
  "password",
  "proxyPassword",
  "Authorization",
  "Set-Cookie",
  "headers",
  "mediaKey",
  "keyData",
  "encKey",
  "privKey",
  "keyPrivate",
  "axolotlSenderKeyDistributionMessage",
  "pairingCode",
  "pairing_code",
  "qrcode",
  "qr",
  "qrCodeBase64"
]

/** A value as it is, within words, in a URL, and encoded. */
const dressed = (value: string): FastCheck.Arbitrary<string> =>
  FastCheck.constantFrom(
    value,
    `before ${value} after`,
    `https://host.example/?a=1&key=${encodeURIComponent(value)}`,
    `Basic ${Buffer.from(`user:${value}`).toString("base64")}`,
    Buffer.from(`xy${value}`).toString("base64url"),
    JSON.stringify({ deep: [value] }),
    `\u0000${value}\ud800`
  )

const pick = (values: ReadonlyArray<string>) => FastCheck.constantFrom(...values)

/** Harmless text that must be kept. */
export const witness = "WITNESS"

const harmlessKey = FastCheck.oneof(
  FastCheck.constantFrom("message", "session", "parameters", "0", "__proto__", "\u0000", 'a"b'),
  FastCheck.string({ maxLength: 5 }).filter((key) => !/^qr/i.test(key))
)

const leaf = ({ codes, known, named }: Planted): FastCheck.Arbitrary<object> => {
  const knownText = pick(known).chain(dressed)
  const codeText = pick(codes).chain((code) => FastCheck.constantFrom(code, `<img src='${code}'>`))
  const byName = FastCheck.tuple(pick(secretNames), pick(named)).chain(([name, value]) =>
    FastCheck.constantFrom<object>(
      { [name]: value },
      { [name]: [value, { deep: value }] },
      { [name]: { deep: { deeper: value } } },
      { [name]: Buffer.from(value, "base64") },
      { inText: JSON.stringify({ a: [{ [name]: value }] }) },
      { inText: JSON.stringify({ again: JSON.stringify({ [name]: value }) }) },
      // JSON that was cut off.
      { inText: JSON.stringify({ [name]: value, rest: "x" }).slice(0, -3) }
    )
  )
  return FastCheck.oneof(
    FastCheck.tuple(harmlessKey, knownText).map(([key, text]) => ({ [key]: text })),
    knownText.map((text) => ({ [text]: 1 })),
    FastCheck.tuple(harmlessKey, codeText).map(([key, text]) => ({ [key]: text })),
    codeText.map((text) => ({ [text]: null })),
    byName
  )
}

/** Data with secrets and a witness somewhere in it. */
const planted = (secrets: Planted): FastCheck.Arbitrary<object> =>
  FastCheck.tuple(
    FastCheck.array(FastCheck.oneof(harmlessKey, FastCheck.constant(0)), { maxLength: 12 }),
    FastCheck.array(leaf(secrets), { minLength: 1, maxLength: 4 }),
    FastCheck.jsonValue({ maxDepth: 2 })
  ).map(([path, leaves, noise]) =>
    path.reduceRight<object>(
      (inner, step) => (step === 0 ? [noise, inner] : Object.fromEntries([[step, inner]])),
      Object.assign({ witness }, ...leaves)
    )
  )

/** A list of such data. */
export const draw = (secrets: Planted, count: number, seed: number): ReadonlyArray<object> =>
  FastCheck.sample(planted(secrets), { numRuns: count, seed })
