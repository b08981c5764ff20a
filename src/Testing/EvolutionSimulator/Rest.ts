/** Evolution's REST endpoints, quirks included: the guard order, and 200 with `error: true`. */
import type { IncomingMessage, ServerResponse } from "node:http"
import { Predicate } from "effect"
import { textOf } from "./Body.ts"
import type { Backend, Routes } from "./Rest/Call.ts"
import { chat } from "./Rest/Chat.ts"
import { create, fetchInstances, instances, type Key } from "./Rest/Instances.ts"
import {
  failure,
  license,
  noRoute,
  notFound,
  notSimulated,
  ok,
  type Reply,
  unauthorized
} from "./Rest/Reply.ts"
import { sending } from "./Rest/Sending.ts"
import { clockOf, type State } from "./State.ts"

const routes: Routes = { ...instances, ...chat, ...sending }

/** Areas of Evolution 2.3.7 with calls that are not among `routes`. */
const areas = new Set(
  "business call chat group instance label message proxy settings template webhook".split(" ")
)

/** A call of Evolution's REST that was answered. */
export interface RestCall {
  readonly method: string
  /** The path without its query. */
  readonly path: string
  /** The JSON of the body; `undefined` without one. */
  readonly body: unknown
  /** Status of the answer. */
  readonly status: number
}

interface Told {
  /** Before a call is answered. */
  readonly called: (path: string) => void
  readonly answered: (call: RestCall) => void
}

/** Answers any request: an unknown one, too. */
export const answerRest = async (
  backend: Backend,
  { answered, called }: Told,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> => {
  const { state, timers } = backend
  const text = await textOf(request)
  const { method = "GET" } = request
  const url = new URL(request.url ?? "/", "http://simulator")
  called(url.pathname)
  await timers.sleep(state.faults.answerMillis)
  const { refusal } = state.faults
  if (refusal !== undefined && refusal !== "license") {
    response.writeHead(refusal.status, refusal.headers).end(refusal.body)
    return
  }
  const body = jsonOf(text)
  const reply =
    body instanceof Error
      ? failure(400, "Internal Server Error", body.message)
      : await route(backend, { method, url, key: request.headers.apikey, body })
  response.writeHead(reply.status, {
    "content-type": "application/json; charset=utf-8",
    date: new Date(clockOf(state)).toUTCString()
  })
  response.end(reply.body === undefined ? "" : JSON.stringify(reply.body))
  answered({ method, path: url.pathname, body, status: reply.status })
}

const jsonOf = (text: string): unknown => {
  if (text === "") return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    return error
  }
}

interface Asked {
  readonly method: string
  readonly url: URL
  readonly key: Key
  readonly body: unknown
}

const route = async (backend: Backend, { body, key, method, url }: Asked): Promise<Reply> => {
  const { state } = backend
  const [, area = "", action, last] = url.pathname.split("/")
  if (state.faults.refusal === "license" && area !== "") return license
  if (url.pathname === "/") return welcome(state)

  const call = `${method} /${area}/${action}`
  const fields = Predicate.isRecord(body) ? body : {}
  if (call === "POST /instance/create") return create(backend, key, fields)
  if (call === "GET /instance/fetchInstances") return fetchInstances(backend, key, url.searchParams)
  if (`${method} ${url.pathname}` === "POST /verify-creds")
    return key === state.apiKey
      ? ok({ status: 200, message: "Credentials are valid" })
      : unauthorized

  // Existence is checked before the key.
  const name = nameOf(last)
  if (name === undefined)
    return failure(400, "Internal Server Error", `Failed to decode param '${last}'`)
  const instance = state.instances.get(name)
  const act = routes[call]
  if (act === undefined && (!areas.has(area) || last === undefined))
    return noRoute(method, url.pathname)
  if (instance === undefined) return notFound(name)
  if (key !== state.apiKey && key !== instance.token) return unauthorized
  if (act === undefined) return notSimulated(method, url.pathname)
  return act({ ...backend, instance, query: url.searchParams, body: fields })
}

const nameOf = (encoded = ""): string | undefined => {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

const welcome = ({ settings: { version } }: State): Reply =>
  ok({
    status: 200,
    message: "Welcome to the Evolution API, it is working!",
    version,
    clientName: "evolution",
    manager: "http://localhost:8080/manager",
    documentation: "https://doc.evolution-api.com",
    whatsappWebVersion: "2.3000.1027934701"
  })
