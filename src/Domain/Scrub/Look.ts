/** Secrets that can be told by how they look, or by the name they stand behind. */

export const redacted = "[redacted]"

/**
 * The names of secrets; `_` and `-` may stand in them. A text that ends with one is the name of one,
 * too (`accessToken`, `OPENAI_API_KEY`).
 *
 * Of messages: what decrypts the media (`mediaKey`), poll votes, edits and comments (`messageSecret`), a
 * group's further messages (the sender key), and everything (app-state keys, in
 * `appStateSyncKeyShare.keys[].keyData`; a device's own private keys). Whoever needs the media asks
 * Evolution for it by the message's id. What only finds or identifies stays: `directPath`, `url`,
 * `fileSha256`, `fileEncSha256`, `mediaKeyTimestamp`, `keyId`, `publicKey`.
 */
const names = [
  "api[_-]?keys?",
  "tokens?",
  "secrets?(?:[_-]?(?:code|key))?",
  "passw(?:or)?d",
  "passphrase",
  "basic[_-]?auth[_-]?pass",
  "authorization",
  "cookies?",
  "pairing[_-]?code",
  "(?:access|call|chain|cipher|enc|encryption|license|mac|master|media|noise|priv|private|root|signing)[_-]?key",
  "key[_-]?(?:data|private)",
  "sender[_-]?key[_-]?distribution[_-]?message"
].join("|")

/** Of a webhook everything in its headers goes: their names are anybody's choice. */
const wholeNames = "headers|private|pass|pwd|ticket|creds"

const secretName = new RegExp(`(?:${names})$|^(?:${wholeNames})$`, "i")

/** Whether what stands under this name is secret. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/** Whether it has to do with a code to scan: `qrcode`, `qr`, `qrCodeBase64`. */
export const isCodeName = (name: string): boolean => /^qr/i.test(name)

/** What a phone scans: `2@`, and four or five parts of base64. */
const code = /\b\d@[\w+/=-]{12,}(?:,[\w+/=-]*)+/g
/** Evolution draws its codes as these, and nothing else. */
const picture = /data:image\/png;base64,[\w+/=-]*/g
/** `user:password@` in an address. */
const userInfo = /(:\/\/)[^/\s:@"'<>]{0,200}:[^/\s@"'<>]{1,200}@/g

/** All of them at once: most texts hold none. */
const any = new RegExp([code, picture, userInfo].map(({ source }) => source).join("|"))

export const tells = (text: string): boolean => any.test(text)

export const blot = (text: string): string =>
  text.replace(code, redacted).replace(picture, redacted).replace(userInfo, `$1${redacted}@`)

/** A name, in quotes or not, and what stands behind it: an object or a list, a scheme's value, a word. */
const named = new RegExp(
  String.raw`((?:${names}|\b(?:${wholeNames}))\\*["']?\s{0,9}[:=]\s{0,9}\\*["']?)` +
    String.raw`(?:[{[][^}\]]{0,2000}|(?:bearer|basic|digest)\s{1,9}[^\s"'\\,;]+|[^\s"'\\,;&)}\]]+)`,
  "gi"
)
const scheme = /\b(bearer|basic)\s{1,9}[\w+/=.~-]{8,}/gi
/** A JSON Web Token, as our sessions and pairing links have. */
const webToken = /\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]{5,}/g
/** Keys that were made here. */
const ownKey = /\bel_[\w-]{43}/g

/** Of words that are meant for people. */
export const words = (text: string): string =>
  text
    .replace(named, `$1${redacted}`)
    .replace(scheme, `$1 ${redacted}`)
    .replace(webToken, redacted)
    .replace(ownKey, redacted)

const mayBeNamed = new RegExp(String.raw`(?:${names}|\b(?:${wholeNames}))\\*["']\s*:|"qr`, "i")

/** Whether a text that looks like JSON may have a secret under a name in it. */
export const mayName = (text: string): boolean => mayBeNamed.test(text)
