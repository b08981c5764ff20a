/**
 * Tells Evolution's own HTTP answers from those of an intermediary: a proxy, a firewall, a login page, a
 * captive portal. The status alone proves nothing, since every server has a 404.
 */
import { Predicate } from "effect"

/** The reason in the error body of Evolution's REST API: `{status, error, response: {message}}`. */
export interface OwnError {
  /** A string, an array of strings, or an array of arrays. */
  readonly message: unknown
}

/** Evolution's own error; `undefined`: the answer is not Evolution's. `body`: the parsed JSON. */
export const ownError = (status: number, body: unknown): OwnError | undefined =>
  Predicate.isRecord(body) &&
  body.status === status &&
  typeof body.error === "string" &&
  Predicate.hasProperty(body.response, "message")
    ? { message: body.response.message }
    : undefined

/** Evolution 2.4 answers so to everything until it is activated. `body`: the parsed JSON. */
export const isWithoutLicense = (status: number, body: unknown): boolean =>
  status === 503 && Predicate.isRecord(body) && body.code === "LICENSE_REQUIRED"

/** Express' words for a path without a route, in Evolution's own error body. */
export const missingRoute = ({ message }: OwnError): string | undefined => {
  const text = Array.isArray(message) && message.length === 1 ? message[0] : undefined
  return typeof text === "string" && /^Cannot [A-Z]+ \//.test(text) ? text : undefined
}

/** The answer of an intermediary, without secrets. */
export interface Answer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly text: string
}

/** Describes an answer that is not Evolution's, with what it tells of the intermediary. */
export const describe = (answer: Answer): string => {
  const said = excerptOf(answer).slice(0, maxExcerpt)
  return [
    `Something between us and Evolution answers HTTP ${answer.status} with ${kindOf(answer)}`,
    said === "" ? "" : ` ("${said}")`,
    `: ${productOf(answer) ?? "a proxy or a firewall"}?`
  ].join("")
}

const maxExcerpt = 80
/** The longest beginning of a text that is looked at. */
const maxRead = 10_000

const headerOf = ({ headers }: Answer, name: string): string => {
  const value = headers[name]
  return typeof value === "string" ? value : (value?.join(", ") ?? "")
}

const isHtml = (answer: Answer): boolean =>
  headerOf(answer, "content-type").includes("html") || /^\s*<(?:!doctype|html)/i.test(answer.text)

const kindOf = (answer: Answer): string => {
  const { status, text } = answer
  if (status >= 300 && status < 400) return redirectOf(answer)
  // RFC 9110: the challenge of a server, and of a proxy.
  if (headerOf(answer, status === 407 ? "proxy-authenticate" : "www-authenticate") !== "")
    return "a request for a password"
  if (text.trim() === "") return "no text"
  if (isHtml(answer)) return "HTML"
  return /^\s*[[{]/.test(text) ? "JSON that is not Evolution's" : "text"
}

/** The host alone: an address may hold a secret in its path or query. */
const redirectOf = (answer: Answer): string => {
  const location = headerOf(answer, "location")
  return URL.canParse(location)
    ? `a redirect to "${new URL(location).host}"`
    : "a redirect to another path"
}

/** The title of a page, or the first line of a text. JSON and redirects are not quoted. */
const excerptOf = (answer: Answer): string => {
  const { status } = answer
  const text = answer.text.slice(0, maxRead)
  if (status >= 300 && status < 400) return ""
  const found = isHtml(answer)
    ? /<title[^>]*>([^<]*)/i.exec(text)?.[1]
    : /^\s*[[{]/.test(text)
      ? undefined
      : text.trim().split("\n")[0]
  return found?.replace(/\s+/g, " ").trim() ?? ""
}

/** Headers that one product alone sends. */
const telltales: ReadonlyArray<readonly [header: string, product: string]> = [
  ["cf-ray", "Cloudflare"],
  ["ngrok-error-code", "ngrok"],
  ["x-akamai-request-id", "Akamai"],
  ["x-azure-ref", "Azure Front Door"],
  ["x-amz-cf-id", "CloudFront"],
  ["x-sucuri-id", "Sucuri"],
  ["x-railway-fallback", "Railway"],
  ["fly-request-id", "Fly.io"]
]

/** Texts of products that send no telling header. */
const phrases: ReadonlyArray<readonly [pattern: RegExp, product: string]> = [
  [/cloudflare|<title>Just a moment/i, "Cloudflare"],
  [/ngrok/i, "ngrok"],
  [/<center>nginx/i, "nginx"],
  [/^404 page not found\s*$/, "Traefik"],
  [/^(?:Bad Gateway|Gateway Timeout|no available server)\s*$/i, "Traefik"],
  [
    /No server is available to handle this request|<h1>50[234] [^<]*<\/h1>\s*The server/i,
    "HAProxy"
  ],
  [/^upstream connect error or disconnect/, "Envoy"]
]

const productOf = (answer: Answer): string | undefined => {
  const telltale = telltales.find(([header]) => headerOf(answer, header) !== "")
  if (telltale !== undefined) return telltale[1]
  const server = product(headerOf(answer, "server"))
  if (server !== undefined) return server.toLowerCase() === "cloudflare" ? "Cloudflare" : server
  // `Via` has the protocol's version before each name.
  const via = product(headerOf(answer, "via").replace(/^\s*\S+\s+/, ""))
  if (via !== undefined) return via
  const text = answer.text.slice(0, maxRead)
  return phrases.find(([pattern]) => pattern.test(text))?.[1]
}

/** The product in a header, without its version; only of characters that a name has. */
const product = (header: string): string | undefined => {
  const [name = ""] = header.trim().split(/[/(,]/)
  return /^[A-Za-z][A-Za-z0-9 ._-]{0,39}$/.test(name.trim()) ? name.trim() : undefined
}
