/** Data of events with secrets in many shapes, drawn from a seed. */
import { FastCheck } from "effect"

export interface Planted {
  /** Secrets that the service knows: blotted everywhere. */
  readonly known: ReadonlyArray<string>
  /** Unknown secrets, which are removed from events because of their places. Base64 of bytes. */
  readonly placed: ReadonlyArray<string>
  /** QR codes as text and as a picture. */
  readonly codes: ReadonlyArray<string>
}

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

const leaf = ({ known }: Planted): FastCheck.Arbitrary<object> => {
  const knownText = pick(known).chain(dressed)
  return FastCheck.oneof(
    FastCheck.tuple(harmlessKey, knownText).map(([key, text]) => ({ [key]: text })),
    knownText.map((text) => ({ [text]: 1 }))
  )
}

/** Events of Evolution with secrets at their places. */
export const atPlaces = ({
  codes: [code = "", base64 = ""],
  placed: [key = "", other = ""]
}: Planted): ReadonlyArray<readonly [event: string, data: object]> => {
  const row = {
    hash: key,
    token: key,
    Proxy: { password: other },
    Webhook: { headers: { a: key } }
  }
  const shared = { appStateSyncKeyShare: { keys: [{ keyData: { keyData: key } }] } }
  const message = {
    senderKeyDistributionMessage: { axolotlSenderKeyDistributionMessage: key },
    deviceSentMessage: { message: { protocolMessage: shared } },
    call: { callKey: Buffer.from(other, "base64") }
  }
  const qrcode = { code, base64, pairingCode: null }
  const identity = { instanceName: "loja-1", instanceId: "1" }
  return [
    ["typebot.change-status", { session: { parameters: { apiKey: key } } }],
    ["messages.upsert", { key: { id: "PLACED" }, message }],
    ["messages.set", [{ message }]],
    ["messages.edited", shared],
    ["creds.update", { noiseKey: { private: key } }],
    ["instance.create", { ...identity, ...row, qrcode }],
    ["instance.delete", { ...identity, ...row, qrcode }],
    ["connection.update", { state: "connecting", ...qrcode }],
    ["qrcode.updated", { qrcode: { ...qrcode, more: [key] }, say: code }],
    ["qrcode.updated", { qrcode: [code], base64 }]
  ]
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
