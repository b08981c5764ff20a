/** The calls that answer once. */
import { failureOf, NotReached } from "./Failure.ts"
import type { CallOptions, Calls } from "./Plain.ts"
import { refusalOf } from "./Reading.ts"
import { type Route, routes } from "./Routes.ts"

export interface Link {
  readonly base: URL
  /** Headers with the key. */
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: typeof globalThis.fetch
}

/**
 * Asks the service. A redirect is not followed: the request carries the key, and is meant for one address.
 */
export const ask = async (
  { fetch, headers }: Link,
  url: URL,
  init: RequestInit = {}
): Promise<Response> => {
  try {
    return await fetch(url, {
      ...init,
      headers: { ...headers, ...init.headers },
      redirect: "manual"
    })
  } catch (cause) {
    if (init.signal?.aborted) throw init.signal.reason
    throw new NotReached(cause)
  }
}

/** The address below that of the service, which may have a path itself. */
export const below = ({ base }: Link, path: string): URL => {
  const url = new URL(base)
  url.pathname = `${base.pathname.replace(/\/$/, "")}${path}`
  return url
}

type Fields = Readonly<Record<string, unknown>>

/** Puts fields into the path; the rest goes into the query or the body. */
const place = (path: string, fields: Fields): readonly [path: string, rest: Fields] => {
  const rest = { ...fields }
  const placed = path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = String(rest[name])
    delete rest[name]
    // In an address, these are steps and no names.
    if (value === "" || value === "." || value === "..")
      throw new TypeError(`No path can carry "${value}" as ${name}`)
    return encodeURIComponent(value)
  })
  return [placed, rest]
}

export const intoQuery = (url: URL, fields: Fields): URL => {
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) url.searchParams.set(name, String(value))
  return url
}

const call =
  (link: Link, [method, path, body]: Route) =>
  async (given: Fields = {}, { signal }: CallOptions = {}): Promise<unknown> => {
    const [placed, rest] = place(path, given)
    const url = below(link, placed)
    // The server is a part of the address, also where the other fields are a body.
    const { server, ...fields } = rest
    intoQuery(url, body === undefined ? rest : { server })
    const response = await ask(link, url, {
      method,
      headers: { accept: "application/json", ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(fields) }),
      ...(signal && { signal })
    })
    return answerOf(response)
  }

const answerOf = async (response: Response): Promise<unknown> => {
  const text = await response.text().catch((cause: unknown) => {
    throw new NotReached(cause)
  })
  if (!response.ok)
    throw failureOf(refusalOf(response.status, text, response.headers.get("retry-after")))
  if (response.status === 204) return undefined
  const type = response.headers.get("content-type") ?? ""
  if (type.startsWith("application/json")) return JSON.parse(text)
  if (type.startsWith("text/plain")) return text
  throw failureOf(refusalOf(response.status, "", null))
}

export const makeCalls = (link: Link): Calls =>
  Object.fromEntries(
    Object.entries(routes).map(([group, calls]) => [
      group,
      Object.fromEntries(Object.entries(calls).map(([name, route]) => [name, call(link, route)]))
    ])
    // `routes` has every call, by its type.
  ) as unknown as Calls
