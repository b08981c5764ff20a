/** Evolution's REST endpoints, quirks included: the guard order, and 200 with `error: true`. */
import type { IncomingMessage, ServerResponse } from "node:http"
import { find } from "./Messages.ts"
import {
  clockOf,
  newInstance,
  type SimulatedInstance,
  type State,
  settingsOfEvolution
} from "./State.ts"

/** Effects of the endpoints. */
export interface Actions {
  readonly called: (path: string) => void
  readonly created: (instance: SimulatedInstance) => void
  readonly connect: (instance: SimulatedInstance) => Promise<void>
  readonly restart: (instance: SimulatedInstance) => void
  readonly logout: (instance: SimulatedInstance) => void
  readonly remove: (instance: SimulatedInstance) => void
}

interface Reply {
  readonly status: number
  readonly body?: unknown
}

const failure = (status: number, error: string, message: unknown): Reply => ({
  status,
  body: { status, error, response: { message } }
})
const notFound = (name: string) =>
  failure(404, "Not Found", [`The "${name}" instance does not exist`])
const unauthorized = failure(401, "Unauthorized", "Unauthorized")
const stringifiedObject: Reply = { status: 200, body: { error: true, message: "[object Object]" } }
const success = (message: string): Reply => ({
  status: 200,
  body: { status: "SUCCESS", error: false, response: { message } }
})

const license: Reply = {
  status: 503,
  body: {
    error: "service not activated",
    code: "LICENSE_REQUIRED",
    message: "Activate this server at /manager/login"
  }
}

export const handle = async (
  state: State,
  actions: Actions,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> => {
  const text = await bodyOf(request)
  const { refusal } = state
  if (refusal !== undefined && refusal !== "license") {
    actions.called(new URL(request.url ?? "/", "http://simulator").pathname)
    response.writeHead(refusal.status, refusal.headers).end(refusal.body)
    return
  }
  const reply = await route(state, actions, request, text)
  response.writeHead(reply.status, {
    "content-type": "application/json; charset=utf-8",
    date: new Date(clockOf(state)).toUTCString()
  })
  response.end(reply.body === undefined ? "" : JSON.stringify(reply.body))
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Array<Buffer> = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString("utf8")
}

const route = async (
  state: State,
  actions: Actions,
  request: IncomingMessage,
  text: string
): Promise<Reply> => {
  const { method = "GET", headers } = request
  const url = new URL(request.url ?? "/", "http://simulator")
  const [, area, action, last] = url.pathname.split("/")
  const key = headers.apikey
  actions.called(url.pathname)

  if (state.refusal === "license" && area !== "") return license
  if (url.pathname === "/")
    return {
      status: 200,
      body: {
        status: 200,
        message: "Welcome to the Evolution API",
        version: state.settings.version
      }
    }

  const call = `${method} /${area}/${action}`
  if (call === "POST /instance/create") return create(state, actions, key, JSON.parse(text))
  if (call === "GET /instance/fetchInstances") return fetchInstances(state, key, url)

  if (`${method} ${url.pathname}` === "POST /verify-creds")
    return key === state.apiKey
      ? { status: 200, body: { status: 200, message: "Credentials are valid" } }
      : unauthorized

  // Existence is checked before the key.
  const name = decodeURIComponent(last ?? "")
  const instance = state.instances.get(name)
  if (!calls.has(call)) return failure(404, "Not Found", [`Cannot ${method} ${url.pathname}`])
  if (instance === undefined) return notFound(name)
  if (key !== state.apiKey && key !== instance.token) return unauthorized

  switch (call) {
    case "GET /instance/connectionState":
      return { status: 200, body: { instance: { instanceName: name, state: instance.state } } }
    case "GET /instance/connect":
      if (instance.state === undefined) return stringifiedObject
      if (instance.state === "open")
        return { status: 200, body: { instance: { instanceName: name, state: "open" } } }
      if (instance.state === "close") {
        instance.number = url.searchParams.get("number") ?? instance.number
        await actions.connect(instance)
      }
      return { status: 200, body: { ...instance.qr, count: instance.qrCount } }
    case "POST /instance/restart":
      if (instance.state === "close" || instance.state === undefined) return stringifiedObject
      actions.restart(instance)
      return { status: 200, body: { instance: { instanceName: name, state: "open" } } }
    case "DELETE /instance/logout":
      if (instance.state === "close")
        return failure(400, "Bad Request", [`The "${name}" instance is not connected`])
      actions.logout(instance)
      return success("Instance logged out")
    case "DELETE /instance/delete":
      // The clean-up comes after the answer.
      if (!state.keepsDeleted) setImmediate(() => actions.remove(instance))
      return success("Instance deleted")
    case "GET /websocket/find":
      return { status: 200, body: instance.websocket && { id: "ws", ...instance.websocket } }
    case "POST /chat/findMessages":
      await new Promise((resolve) => setTimeout(resolve, state.settings.findMillis))
      return { status: 200, body: find(state, name, JSON.parse(text)) }
    default:
      return setWebSocket(instance, JSON.parse(text))
  }
}

const calls = new Set([
  "GET /instance/connectionState",
  "GET /instance/connect",
  "POST /instance/restart",
  "DELETE /instance/logout",
  "DELETE /instance/delete",
  "GET /websocket/find",
  "POST /websocket/set",
  "POST /chat/findMessages"
])

interface CreateBody {
  readonly instanceName?: string
  readonly integration?: string
  readonly qrcode?: boolean
  readonly number?: string
  readonly token?: string
  readonly websocket?: { readonly events?: ReadonlyArray<string> }
}

const create = async (
  state: State,
  actions: Actions,
  key: string | string[] | undefined,
  body: CreateBody
): Promise<Reply> => {
  const name = body.instanceName ?? ""
  if (state.instances.has(name))
    return failure(403, "Forbidden", [`This name "${name}" is already in use.`])
  if (key !== state.apiKey) return unauthorized
  if (name === "") return failure(400, "Bad Request", [["instanceName should not be empty"]])
  if (!["WHATSAPP-BAILEYS", "WHATSAPP-BUSINESS", "EVOLUTION"].includes(body.integration ?? ""))
    return failure(400, "Bad Request", ["Invalid integration"])
  if (body.websocket !== undefined && body.websocket.events === undefined)
    return failure(400, "Bad Request", ["Cannot read properties of undefined (reading 'length')"])

  if (state.settings.refusesCreate)
    return failure(400, "Bad Request", [`Invalid invocation: ${JSON.stringify(body)}`])

  const instance = newInstance(name, body)
  instance.created = body
  const events = body.websocket?.events ?? []
  if (body.websocket !== undefined)
    instance.websocket = {
      enabled: true,
      events: events.length === 0 ? settingsOfEvolution : events
    }
  state.instances.set(name, instance)
  actions.created(instance)
  if (body.qrcode === true) {
    await actions.connect(instance)
    await new Promise((resolve) => setTimeout(resolve, state.settings.createMillis))
  }
  return {
    status: 201,
    body: {
      instance: {
        instanceName: name,
        instanceId: instance.id,
        integration: instance.integration,
        status: instance.state
      },
      hash: instance.token,
      websocket: { enabled: instance.websocket?.enabled },
      ...(body.qrcode === true ? { qrcode: { ...instance.qr, count: instance.qrCount } } : {})
    }
  }
}

const fetchInstances = (state: State, key: string | string[] | undefined, url: URL): Reply => {
  const name = url.searchParams.get("instanceName")
  const all = [...state.instances.values()]
  const visible = key === state.apiKey ? all : all.filter(({ token }) => token === key)
  if (key !== state.apiKey && visible.length === 0) return unauthorized
  const found = name === null ? visible : visible.filter((one) => one.name === name)
  if (name !== null && found.length === 0)
    return failure(404, "Not Found", [`Instance "${name}" not found`])
  return {
    status: 200,
    body: found.map((one) => ({
      id: one.id,
      name: one.name,
      connectionStatus: one.state,
      ownerJid: one.ownerJid,
      profileName: one.profileName,
      profilePicUrl: one.profilePicUrl,
      integration: one.integration,
      number: one.number,
      token: one.token,
      disconnectionReasonCode: one.disconnectionReasonCode,
      createdAt: one.createdAt,
      Websocket: one.websocket,
      _count: { Message: state.messages.get(one.name)?.length ?? 0, Contact: 0, Chat: 0 }
    }))
  }
}

const setWebSocket = (
  instance: SimulatedInstance,
  body: {
    readonly websocket?: { readonly enabled: boolean; readonly events?: ReadonlyArray<string> }
  }
): Reply => {
  const { websocket } = body
  if (websocket === undefined)
    return failure(500, "Internal Server Error", [
      "Cannot set properties of undefined (setting 'events')"
    ])
  if (websocket.events === undefined)
    return failure(500, "Internal Server Error", [
      "Cannot read properties of undefined (reading 'length')"
    ])
  const unknown = websocket.events.find((name) => !settingsOfEvolution.includes(name))
  if (unknown !== undefined)
    return failure(400, "Bad Request", [
      [`websocket.events[0] is not one of enum values: ${unknown}`]
    ])
  instance.websocket = {
    enabled: websocket.enabled,
    events:
      websocket.enabled && websocket.events.length === 0 ? settingsOfEvolution : websocket.events
  }
  return { status: 201, body: { id: "ws", ...instance.websocket } }
}
