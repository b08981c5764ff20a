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

/** Of a webhook everything in its headers goes: their names are anybody's choice. */
const wholeNames = "headers|private|pass|pwd|creds"

const secretName = new RegExp(`(?:${names})$|^(?:${wholeNames})$`, "i")

/** Whether what stands under this name is secret. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/** Whether it has to do with a code to scan: `qrcode`, `qr`, `qrCodeBase64`. */
export const isCodeName = (name: string): boolean => /^qr/i.test(name)

// Others write what is looked through here: each of these takes time in proportion to a text's length.

/** What a phone scans: `2@`, and four or five parts of base64; also as a URL has it. */
const code = /\b\d(?:@|%40)[\w+/=%-]{12,400}(?:,[\w+/=%-]{0,400}|%2C[\w%-]{0,400})+/g
/** Evolution draws its codes as these, and nothing else. */
const picture = /data:image\/png;base64,[\w+/=-]*/g
/** `user:password@` in an address. */
const userInfo = /(:\/\/)[^/\s:@"'<>]{0,200}:[^/\s@"'<>]{1,200}@/g

/** What we give out ourselves: a key that was made here, the token of a session or of a pairing link. */
const own = /\bel_[\w-]{43}|\beyJhbGciOiJIUzI1NiJ9\.[\w-]+\.[\w-]+/g

/**
 * One of its marks is in every text that has one of a kind, and they are looked for much sooner. Each holds
 * for UTF-8 as well, a character for each byte; so of an address only what is ASCII counts.
 */
const kinds = [
  { look: code, marks: ["@", "%40"] },
  { look: picture, marks: [";base64,"] },
  { look: /:\/\/(?!\[redacted\]@)[^/"'<>]*@/, marks: ["://"] },
  { look: own, marks: ["_", "JIUzI1NiJ9"] }
].map(({ look, marks }) => ({ marks, look: new RegExp(look.source) }))

/** Whether `blot` may take something out. */
export const tells = (text: string): boolean =>
  kinds.some(({ look, marks }) => marks.some((mark) => text.includes(mark)) && look.test(text))

export const blot = (text: string): string =>
  text
    .replace(code, redacted)
    .replace(picture, redacted)
    .replace(userInfo, `$1${redacted}@`)
    .replace(own, redacted)

/** A name, in quotes or not, and what stands behind it: an object or a list, a scheme's value, a word. */
const named = new RegExp(
  String.raw`((?:${names}|\b(?:${wholeNames}|qr\w{0,30})|[#?&]ticket)\\{0,255}["']?\s{0,9}[:=]\s{0,9}\\{0,255}["']?)` +
    String.raw`(?!\[redacted\])(?:[{[][^}\]]{0,2000}|(?:bearer|basic|digest)\s{1,9}[^\s"'\\,;]+|[^\s"'\\,;&)}\]]+)`,
  "gi"
)
const scheme = /\b(bearer|basic)\s{1,9}[\w+/=.~-]{8,}/gi
/** A JSON Web Token. */
const webToken = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]{5,}/g

/** Of words that are meant for people. */
export const words = (text: string): string =>
  text.replace(named, `$1${redacted}`).replace(scheme, `$1 ${redacted}`).replace(webToken, redacted)

const mayBeNamed = new RegExp(
  String.raw`(?:${names}|\b(?:${wholeNames}))\\{0,255}["']\s{0,9}:|"qr`,
  "i"
)

/** Whether a text that looks like JSON may have a secret under a name in it. */
export const mayName = (text: string): boolean => mayBeNamed.test(text)

/** The same of JSON in texts within JSON, where what stands before the colon is escaped. Colons come seldom. */
const mayBeNamedWithin = new RegExp(
  String.raw`:(?<=(?:${names}|\b(?:${wholeNames}))\b(?:[^\w:]|\\[bfnrt]){0,300}:)|"qr`,
  "i"
)

/** Whether JSON text may have a secret under a name in it, or in JSON within its texts. */
export const mayNameWithin = (json: string): boolean => mayBeNamedWithin.test(json)
