/** `/instance/…` and `/websocket/…`: instances, and which events their namespaces get. */
import { newInstance, type SimulatedInstance, settingsOfEvolution } from "../State.ts"
import type { Backend, Call, Routes } from "./Call.ts"
import {
  badRequest,
  created,
  failure,
  ok,
  type Reply,
  serverError,
  stringifiedObject,
  success,
  unauthorized
} from "./Reply.ts"

export type Key = string | ReadonlyArray<string> | undefined

export const instances: Routes = {
  "GET /instance/connectionState": ({ instance: { name, state } }) =>
    ok({ instance: { instanceName: name, state } }),
  "GET /instance/connect": async ({ instance, life, query }) => {
    if (instance.state === undefined) return stringifiedObject
    if (instance.state === "open")
      return ok({ instance: { instanceName: instance.name, state: "open" } })
    if (instance.state === "close") {
      instance.number = query.get("number") ?? instance.number
      await life.connect(instance)
    }
    return ok({ ...instance.qr, count: instance.qrCount })
  },
  "POST /instance/restart": ({ instance, life }) => {
    if (instance.state === "close" || instance.state === undefined) return stringifiedObject
    life.reconnect(instance)
    return ok({ instance: { instanceName: instance.name, state: "open" } })
  },
  "DELETE /instance/logout": ({ instance, life }) => {
    if (instance.state === "close")
      return badRequest(`The "${instance.name}" instance is not connected`)
    life.logout(instance)
    return success("Instance logged out")
  },
  "DELETE /instance/delete": ({ instance, life, state }) => {
    // The clean-up comes after the answer.
    if (!state.faults.keepsDeleted) setImmediate(() => life.remove(instance))
    return success("Instance deleted")
  },
  "GET /websocket/find": ({ instance }) => ok(webSocketRow(instance)),
  "POST /websocket/set": (call) => setWebSocket(call)
}

interface CreateBody {
  readonly instanceName?: string
  readonly integration?: string
  readonly qrcode?: boolean
  readonly number?: string
  readonly token?: string
  readonly websocket?: { readonly events?: ReadonlyArray<string> }
}

/** The settings of an instance that nobody has changed. */
const setting = {
  rejectCall: false,
  msgCall: "",
  groupsIgnore: false,
  alwaysOnline: false,
  readMessages: false,
  readStatus: false,
  syncFullHistory: false,
  wavoipToken: ""
}

export const create = async (
  { life, state, timers }: Backend,
  key: Key,
  body: CreateBody
): Promise<Reply> => {
  const name = body.instanceName ?? ""
  if (state.instances.has(name))
    return failure(403, "Forbidden", [`This name "${name}" is already in use.`])
  if (key !== state.apiKey) return unauthorized
  if (name === "") return badRequest(["instanceName should not be empty"])
  if (!["WHATSAPP-BAILEYS", "WHATSAPP-BUSINESS", "EVOLUTION"].includes(body.integration ?? ""))
    return badRequest("Invalid integration")
  if (body.websocket !== undefined && body.websocket.events === undefined)
    return badRequest("Cannot read properties of undefined (reading 'length')")
  if (state.settings.refusesCreate) return badRequest(`Invalid invocation: ${JSON.stringify(body)}`)

  const instance = newInstance(state, name, body)
  instance.created = body
  const events = body.websocket?.events ?? []
  if (body.websocket !== undefined)
    instance.websocket = {
      enabled: true,
      events: events.length === 0 ? settingsOfEvolution : events
    }
  state.instances.set(name, instance)
  life.created(instance)
  if (body.qrcode === true) {
    await life.connect(instance)
    await timers.sleep(state.settings.createMillis)
  }
  return created({
    instance: {
      instanceName: name,
      instanceId: instance.id,
      integration: instance.integration,
      webhookWaBusiness: null,
      accessTokenWaBusiness: "",
      status: instance.state
    },
    hash: instance.token,
    webhook: {},
    websocket: { enabled: instance.websocket?.enabled },
    rabbitmq: {},
    nats: {},
    sqs: {},
    settings: setting,
    ...(body.qrcode === true ? { qrcode: { ...instance.qr, count: instance.qrCount } } : {})
  })
}

export const fetchInstances = ({ state }: Backend, key: Key, query: URLSearchParams): Reply => {
  const name = query.get("instanceName")
  const all = [...state.instances.values()]
  const visible = key === state.apiKey ? all : all.filter(({ token }) => token === key)
  if (key !== state.apiKey && visible.length === 0) return unauthorized
  const found = name === null ? visible : visible.filter((one) => one.name === name)
  if (name !== null && found.length === 0)
    return failure(404, "Not Found", [`Instance "${name}" not found`])
  return ok(found.map((one) => rowOf(one, state.messages.get(one.name)?.length ?? 0)))
}

/** Evolution's row of an instance, with the rows that belong to it. */
const rowOf = (one: SimulatedInstance, messages: number) => ({
  id: one.id,
  name: one.name,
  connectionStatus: one.state,
  ownerJid: one.ownerJid,
  profileName: one.profileName,
  profilePicUrl: one.profilePicUrl,
  integration: one.integration,
  number: one.number,
  businessId: null,
  token: one.token,
  clientName: "evolution",
  disconnectionReasonCode: one.disconnectionReasonCode,
  disconnectionObject: null,
  disconnectionAt: null,
  createdAt: one.createdAt,
  updatedAt: one.createdAt,
  Chatwoot: null,
  Proxy: null,
  Rabbitmq: null,
  Nats: null,
  Sqs: null,
  Websocket: webSocketRow(one),
  Setting: rowBeside(one, "cs", setting),
  _count: { Message: messages, Contact: 0, Chat: 0 }
})

const webSocketRow = (instance: SimulatedInstance) =>
  instance.websocket && rowBeside(instance, "cw", instance.websocket)

/** A row of another table that belongs to the instance. */
const rowBeside = ({ createdAt, id }: SimulatedInstance, table: string, columns: object) => ({
  id: `${table}${id.replaceAll("-", "").slice(0, 23)}`,
  ...columns,
  createdAt,
  updatedAt: createdAt,
  instanceId: id
})

interface WebSocketBody {
  readonly websocket?: { readonly enabled: boolean; readonly events?: ReadonlyArray<string> }
}

const setWebSocket = ({ body, instance }: Call): Reply => {
  // Evolution checks no types here either.
  const { websocket } = body as WebSocketBody
  if (websocket === undefined)
    return serverError("Cannot set properties of undefined (setting 'events')")
  if (websocket.events === undefined)
    return serverError("Cannot read properties of undefined (reading 'length')")
  const unknown = websocket.events.find((name) => !settingsOfEvolution.includes(name))
  if (unknown !== undefined)
    return badRequest([`websocket.events[0] is not one of enum values: ${unknown}`])
  instance.websocket = {
    enabled: websocket.enabled,
    events:
      websocket.enabled && websocket.events.length === 0 ? settingsOfEvolution : websocket.events
  }
  return created(webSocketRow(instance))
}
