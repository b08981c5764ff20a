/**
 * A pretended Evolution API 2.3.7: the official `socket.io` server with Evolution's `allowRequest`,
 * envelopes, lazy namespaces and REST quirks, and a handle to make things happen.
 */
import { createServer, type Server as HttpServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { Context, Effect, Layer } from "effect"
import { Server } from "socket.io"
import { settingsForm } from "../Domain/EventName.ts"
import { allowRequest, guard, shut } from "./EvolutionSimulator/Gate.ts"
import { store, storedEvents } from "./EvolutionSimulator/Messages.ts"
import { answerPhone } from "./EvolutionSimulator/Phone.ts"
import { type Actions, handle } from "./EvolutionSimulator/Rest.ts"
import type { Emitted, Simulator } from "./EvolutionSimulator/Simulator.ts"
import {
  clockOf,
  defaults,
  newInstance,
  nextQr,
  type Settings,
  type SimulatedInstance,
  type State,
  settingsOfEvolution
} from "./EvolutionSimulator/State.ts"
import { fallSilent, garble } from "./EvolutionSimulator/Transport.ts"
import { makeRandom } from "./Random.ts"

export type { Simulator }

export class EvolutionSimulator extends Context.Tag("EvolutionSimulator")<
  EvolutionSimulator,
  Simulator
>() {
  static readonly layer = (settings: Partial<Settings> = {}) =>
    Layer.scoped(EvolutionSimulator, scopedSimulator(settings))
}

/** Runs until the scope closes. */
export const scopedSimulator = (settings: Partial<Settings> = {}) =>
  Effect.acquireRelease(
    Effect.promise(() => simulate(settings)),
    (simulator) => Effect.promise(simulator.stop)
  )

export const simulate = async (settings: Partial<Settings> = {}, port = 0): Promise<Simulator> => {
  const state: State = {
    settings: { ...defaults, ...settings },
    instances: new Map(),
    messages: new Map(),
    random: makeRandom(settings.seed ?? defaults.seed, "ties"),
    refusal: undefined,
    keepsDeleted: false,
    globalEvents: settings.globalEvents ?? defaults.globalEvents,
    deaf: new Set(),
    apiKey: settings.apiKey ?? defaults.apiKey
  }
  let io: Server
  let http: HttpServer
  let address: AddressInfo = { address: "127.0.0.1", family: "IPv4", port }
  let sockets = new Set<Socket>()
  let comingBack: NodeJS.Timeout | undefined
  let tell: (emitted: Emitted) => void = () => undefined
  let called: (path: string) => void = () => undefined

  const emit = (name: string, event: string, data: unknown, extra: object = {}): void => {
    const instance = state.instances.get(name)
    const jid = instance?.ownerJid
    const envelope = {
      event,
      instance: name,
      data,
      server_url: "http://localhost:8080",
      date_time: new Date(clockOf(state)).toISOString(),
      ...(jid == null ? {} : { sender: jid }),
      apikey: instance?.token ?? null,
      ...extra
    }
    store(state, instance, event, data)
    tell({ instance: name, event, data })
    if (state.deaf.has(name) && storedEvents.has(event)) return
    if (state.globalEvents) io.emit(event, envelope)
    // The real one looks the settings up in its database first, so the namespace lags behind `/`.
    const { websocket } = instance ?? {}
    const wanted = settingsForm(event)
    const server = io
    if (websocket?.enabled === true && websocket.events.includes(wanted))
      setImmediate(() => server.of(`/${name}`).emit(event, envelope))
  }

  const find = (name: string): SimulatedInstance => {
    const instance = state.instances.get(name)
    if (instance === undefined) throw new Error(`The simulator has no instance "${name}"`)
    return instance
  }

  const connecting = (instance: SimulatedInstance): void => {
    instance.state = "connecting"
    emit(instance.name, "connection.update", {
      instance: instance.name,
      state: "connecting",
      statusReason: 200
    })
  }

  const open = (instance: SimulatedInstance): void => {
    instance.state = "open"
    emit(instance.name, "connection.update", {
      instance: instance.name,
      wuid: instance.ownerJid,
      profileName: instance.profileName,
      profilePictureUrl: instance.profilePicUrl,
      state: "open",
      statusReason: 200
    })
  }

  const showQr = async (name: string): Promise<string> => {
    const qr = await nextQr(find(name))
    emit(name, "qrcode.updated", { qrcode: { instance: name, ...qr } })
    return qr.code
  }

  const logout = (instance: SimulatedInstance): void => {
    const { name } = instance
    instance.state = "close"
    instance.disconnectionReasonCode = 401
    emit(name, "status.instance", {
      instance: name,
      status: "closed",
      disconnectionAt: new Date().toISOString(),
      disconnectionReasonCode: 401,
      disconnectionObject: "{}"
    })
    emit(name, "logout.instance", null)
    emit(name, "connection.update", { instance: name, state: "close", statusReason: 401 })
    instance.ownerJid = null
  }

  const actions: Actions = {
    called: (path) => called(path),
    created: ({ id, name }) =>
      emit(name, "instance.create", { instanceName: name, instanceId: id }),
    connect: async (instance) => {
      connecting(instance)
      if (instance.ownerJid === null) await showQr(instance.name)
      else open(instance)
    },
    restart: (instance) => {
      connecting(instance)
      if (instance.ownerJid !== null) open(instance)
    },
    logout,
    remove: (instance) => {
      const { id, name } = instance
      emit(name, "instance.delete", { instanceName: name, instanceId: id })
      emit(name, "remove.instance", null)
      state.instances.delete(name)
      state.messages.delete(name)
    }
  }

  const start = async (): Promise<void> => {
    http = createServer(async (request, response) => {
      if (!(await answerPhone(simulator, request, response)))
        await handle(state, actions, request, response)
    })
    io = new Server(state.settings.webSocket ? http : undefined, {
      serveClient: false,
      pingInterval: state.settings.pingInterval,
      pingTimeout: state.settings.pingTimeout,
      allowRequest: allowRequest(state)
    })
    if (state.settings.webSocket) guard(state, http)
    else shut(state, http)
    sockets = new Set()
    http.on("connection", (socket: Socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
    })
    await new Promise<void>((resolve) => http.listen(address.port, "127.0.0.1", resolve))
    address = http.address() as AddressInfo // listening on TCP, so never a pipe's name
    for (const instance of state.instances.values()) {
      connecting(instance)
      if (instance.ownerJid !== null) open(instance)
    }
  }
  const drop = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }

  const stop = async (): Promise<void> => {
    clearTimeout(comingBack)
    if (!http.listening) return
    drop()
    if (state.settings.webSocket) await io.close()
    else http.close()
  }

  const simulator: Simulator = {
    get url() {
      return `http://127.0.0.1:${address.port}`
    },
    apiKey: state.apiKey,
    instance: find,
    instances: () => [...state.instances.values()],
    add: (name, known = {}) => {
      const websocket = { enabled: true, events: settingsOfEvolution }
      const instance = { ...newInstance(name), websocket, ...known }
      state.instances.set(name, instance)
      return instance
    },
    emit,
    onEmit: (listener) => {
      tell = listener
    },
    onCall: (listener) => {
      called = listener
    },
    stored: () => state.messages,
    emitRaw: (event, ...args) => io.emit(event, ...args),
    showQr,
    scan: (name, phone) => {
      const instance = find(name)
      instance.ownerJid = phone ?? instance.number ?? "5511999990001@s.whatsapp.net"
      instance.profileName = "Loja"
      connecting(instance)
      open(instance)
    },
    logout: (name) => logout(find(name)),
    reachQrLimit: (name) => {
      const instance = find(name)
      instance.state = "close"
      emit(name, "qrcode.updated", {
        message: "QR code limit reached, please login again",
        statusCode: 500
      })
      emit(name, "connection.update", { instance: name, state: "refused", statusReason: 428 })
    },
    remove: (name) => actions.remove(find(name)),
    vanish: (name) => {
      state.instances.delete(name)
      state.messages.delete(name)
    },
    drop,
    fallSilent: () => fallSilent(io),
    garble: (garbage) => garble(io, garbage),
    refuse: (refusal) => {
      state.refusal = refusal
    },
    broadcast: (isOn) => {
      state.globalEvents = isOn
    },
    deafen: (name, isDeaf) => {
      if (isDeaf) state.deaf.add(name)
      else state.deaf.delete(name)
    },
    forgetMessages: (name, count) => void state.messages.get(name)?.splice(0, count),
    keepDeleted: (keeps) => {
      state.keepsDeleted = keeps
    },
    changeKey: (apiKey) => {
      state.apiKey = apiKey
    },
    stop,
    leave: async (millis) => {
      await stop()
      comingBack = setTimeout(start, millis)
    },
    start,
    connections: () => [...io._nsps.values()].reduce((sum, nsp) => sum + nsp.sockets.size, 0)
  }
  await start()
  return simulator
}
