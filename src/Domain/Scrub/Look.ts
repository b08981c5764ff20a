/** Recognises secrets by their look, or by the name they stand behind. */

export const redacted = "[redacted]"

/**
 * Names of secrets, with `_` or `-` between their words. A name that ends with one of these is secret
 * too (`accessToken`, `OPENAI_API_KEY`). Fields that only find or identify stay: `directPath`, `url`,
 * `fileSha256`, `mediaKeyTimestamp`, `keyId`, `publicKey`.
 */
const names = [
  "api[_-]?keys?",
  "(?:access|api|auth|bot|instance|refresh)[_-]?token\\w{0,30}",
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

/** A webhook's headers are secret as a whole: a user chooses their names. */
const wholeNames = "headers|private|pass|pwd|creds"

const secretName = new RegExp(`(?:${names})$|^(?:${wholeNames})$`, "i")

/** True if the value under this name is secret. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/** True for the name of a QR code: `qrcode`, `qr`, `qrCodeBase64`. */
export const isCodeName = (name: string): boolean => /^qr/i.test(name)

// Strangers write the texts: each expression must take time in proportion to a text's length.

/** A QR code's text: `2@` and four or five parts of base64; also encoded for a URL. */
const code = /\b\d(?:@|%40)[\w+/=%-]{12,400}(?:,[\w+/=%-]{0,400}|%2C[\w%-]{0,400})+/g
/** An image of a QR code. Evolution sends nothing else in this form. */
const picture = /data:image\/png;base64,[\w+/=-]*/g
/** `user:password@` in an address. */
const userInfo = /(:\/\/)[^/\s:@"'<>]{0,200}:[^/\s@"'<>]{1,200}@/g

/** Secrets that this service makes: a key, the token of a session or of a pairing link. */
const own = /\bel_[\w-]{43}|\beyJhbGciOiJIUzI1NiJ9\.[\w-]+\.[\w-]+/g

/**
 * Every text that has a secret of a kind has one of its marks, and marks are found much faster. Both hold
 * for UTF-8 with one character for each byte, so only the ASCII part of an address counts.
 */
const kinds = [
  { look: code, marks: ["@", "%40"] },
  { look: picture, marks: [";base64,"] },
  { look: /:\/\/(?!\[redacted\]@)[^/"'<>]*@/, marks: ["://"] },
  { look: own, marks: ["_", "JIUzI1NiJ9"] }
].map(({ look, marks }) => ({ marks, look: new RegExp(look.source) }))

/** True if `blot` may change the text. */
export const mayHoldSecret = (text: string): boolean =>
  kinds.some(({ look, marks }) => marks.some((mark) => text.includes(mark)) && look.test(text))

export const blot = (text: string): string =>
  text
    .replace(code, redacted)
    .replace(picture, redacted)
    .replace(userInfo, `$1${redacted}@`)
    .replace(own, redacted)

/** A name, quoted or not, and its value: an object or a list, a scheme's value, a word. */
const named = new RegExp(
  String.raw`((?:${names}|\b(?:${wholeNames}|qr\w{0,30})|[#?&]ticket)\\{0,255}["']?\s{0,9}[:=]\s{0,9}\\{0,255}["']?)` +
    String.raw`(?!\[redacted\])(?:[{[][^}\]]{0,2000}|(?:bearer|basic|digest)\s{1,9}[^\s"'\\,;]+|[^\s"'\\,;&)}\]]+)`,
  "gi"
)
const scheme = /\b(bearer|basic)\s{1,9}[\w+/=.~-]{8,}/gi
/** A JSON Web Token. */
const webToken = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]{5,}/g

/** Removes secrets from text written for people. */
export const words = (text: string): string =>
  text.replace(named, `$1${redacted}`).replace(scheme, `$1 ${redacted}`).replace(webToken, redacted)

const mayBeNamed = new RegExp(
  String.raw`(?:${names}|\b(?:${wholeNames}))\\{0,255}["']\s{0,9}:|"qr`,
  "i"
)

/** True if a text that looks like JSON may have a secret under a name. */
export const mayName = (text: string): boolean => mayBeNamed.test(text)
