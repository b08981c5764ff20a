/** Endpoints by the API of the service, and the events that each has to get. */
import { apiKey } from "../Service.ts"

export interface Wanted {
  /** Its name, and the path at the receiver: `/well-1`. Of a broker's endpoint: a name without a slash. */
  readonly path: string
  readonly target?: Readonly<Record<string, unknown>>
  /** `messages.upsert` alone by default. */
  readonly events?: ReadonlyArray<string>
  readonly timeout?: number
  readonly settings?: Readonly<Record<string, unknown>>
}

export interface Endpoint extends Wanted {
  readonly id: string
  /** `whsec_…`; of a broker's endpoint none. */
  readonly secret: string | undefined
  /** Its events begin after this cursor. */
  readonly startsAfter: number
}

export interface Row {
  readonly id: number
  readonly server: string
  readonly instance: string
  readonly event: string
  /** ms since 1970 UTC. */
  readonly at: number
}

const messages: ReadonlyArray<string> = ["messages.upsert"]

export const takes = ({ events = messages, startsAfter }: Endpoint, row: Row): boolean =>
  row.id > startsAfter && events.includes(row.event)

/** Failed events are tried again soon, so that a scenario is short. */
const retryDelays = [1, 1, 2]

const call = async (url: string, path: string, method: string, body?: object) => {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { apikey: apiKey, "content-type": "application/json" },
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} answers ${response.status}: ${text}`)
  return text === "" ? undefined : JSON.parse(text)
}

interface Created {
  readonly id: string
  readonly secret?: string | null
  readonly endpoint?: { readonly id: string }
}

/** `receiver`: the address of the receiver, without a path. */
export const create = async (
  url: string,
  receiver: string,
  { events = messages, path, settings = {}, target, timeout }: Wanted
): Promise<Pick<Endpoint, "id" | "secret">> => {
  const webhook = {
    type: "webhook",
    url: `${receiver}${path}`,
    ...(timeout === undefined ? {} : { timeout })
  }
  const body = { name: path, events, retryDelays, ...settings, target: target ?? webhook }
  const created: Created = await call(url, "/endpoints", "POST", body)
  return { id: created.endpoint?.id ?? created.id, secret: created.secret ?? undefined }
}

export interface Seen {
  readonly state: string
  readonly reason: string | null
}

export const look = (url: string, { id }: Pick<Endpoint, "id">): Promise<Seen> =>
  call(url, `/endpoints/${id}`, "GET")

export const resume = (url: string, { id }: Pick<Endpoint, "id">): Promise<unknown> =>
  call(url, `/endpoints/${id}/resume`, "POST", {})
