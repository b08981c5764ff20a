/** The parts of a simulated Evolution, and the calls of its handle. */
import { makeRandom } from "../Random.ts"
import { answerControl } from "./Control.ts"
import { makeEmission } from "./Emission.ts"
import { endFaults, makeFaults } from "./Faults.ts"
import { jidOf } from "./Jid.ts"
import { makeLifeCycle } from "./LifeCycle.ts"
import { observations, type Told } from "./Observations.ts"
import { answerPhone } from "./Phone.ts"
import { receivedMessage } from "./Received.ts"
import type { Backend } from "./Rest/Call.ts"
import { answerRest, type RestCall } from "./Rest.ts"
import { makeSent } from "./Sent.ts"
import { makeServer, type SimulatorServer } from "./Server.ts"
import { defaults, type Settings } from "./Settings.ts"
import type { Changes, FaultCalls, Happenings, Simulator } from "./Simulator.ts"
import {
  clockOf,
  newInstance,
  type SimulatedInstance,
  type State,
  settingsOfEvolution
} from "./State.ts"
import { makeTimers, type Time } from "./Time.ts"

/** The oldest calls are forgotten beyond it. */
const maxCalls = 1000

export const makeSimulator = async (given: Partial<Settings>, time: Time): Promise<Simulator> => {
  const settings: Settings = { ...defaults, ...given }
  const state: State = {
    settings,
    time,
    instances: new Map(),
    messages: new Map(),
    ties: makeRandom(settings.seed, "ties"),
    faults: makeFaults(settings.seed),
    globalEvents: settings.globalEvents,
    apiKey: settings.apiKey
  }
  const told: Told = { emitted: () => undefined, called: () => undefined, calls: [] }
  const answered = (call: RestCall): void => {
    if (told.calls.push(call) > maxCalls) told.calls.shift()
  }

  const timers = makeTimers(time)
  const server = makeServer(state, async (request, response) => {
    const called = (path: string) => told.called(path)
    const isOurs =
      (await answerPhone(simulator, request, response)) ||
      (await answerControl(simulator, request, response))
    if (!isOurs) await answerRest(backend, { called, answered }, request, response)
  })
  const emission = makeEmission(state, server, timers, (emitted) => told.emitted(emitted))
  const { emit } = emission
  const backend: Backend = {
    state,
    life: makeLifeCycle(state, emit, timers),
    emit,
    sent: makeSent(),
    timers
  }

  let endAbsence = (): void => undefined
  const start = async (): Promise<void> => {
    endAbsence()
    if (server.isListening()) return
    await server.start()
    for (const instance of state.instances.values()) backend.life.reconnect(instance)
  }
  const stop = async (): Promise<void> => {
    endAbsence()
    timers.end()
    emission.end()
    await server.stop()
  }

  const simulator: Simulator = {
    get url() {
      return server.url()
    },
    get apiKey() {
      return state.apiKey
    },
    instance: (name) => find(state, name),
    instances: () => [...state.instances.values()],
    ...happenings(backend, server),
    ...faultCalls(state, server),
    stop,
    start,
    leave: async (millis) => {
      await stop()
      endAbsence = time.after(millis, start)
    },
    ...changes(backend, told),
    ...observations(backend, server, told)
  }
  for (const name of settings.linked) simulator.addLinked(name)
  await server.start()
  return simulator
}

const find = (state: State, name: string): SimulatedInstance => {
  const instance = state.instances.get(name)
  if (instance === undefined) throw new Error(`The simulator has no instance "${name}"`)
  return instance
}

const happenings = ({ emit, life, state }: Backend, server: SimulatorServer): Happenings => {
  const message: Happenings["message"] = (name, from, content, options) => {
    const { id, state: link } = find(state, name)
    if (link !== "open")
      throw new Error(`The phone of "${name}" is not linked: scan(${JSON.stringify(name)}) first`)
    const seconds = Math.floor(clockOf(state) / 1000)
    const data = receivedMessage(from, content, { instanceId: id, seconds }, options)
    emit(name, "messages.upsert", data)
    return data
  }
  return {
    text: (name, from, text, options) => message(name, from, { conversation: text }, options),
    message,
    acknowledge: ({ data, id, instance, to }, status) => {
      const { instanceId } = data
      emit(instance, "messages.update", {
        keyId: id,
        remoteJid: to,
        fromMe: true,
        status,
        instanceId
      })
    },
    showQr: (name) => life.showQr(find(state, name)),
    scan: (name, phone) => life.scan(find(state, name), phone),
    logout: (name) => life.logout(find(state, name)),
    reachQrLimit: (name) => life.reachQrLimit(find(state, name)),
    remove: (name) => life.remove(find(state, name)),
    emit,
    emitRaw: server.emit
  }
}

/** The faults that the state and the server have. */
const faultCalls = (
  { faults }: State,
  server: SimulatorServer
): Omit<FaultCalls, "stop" | "start" | "leave"> => ({
  drop: server.drop,
  fallSilent: server.fallSilent,
  garble: server.garble,
  refuse: (refusal) => {
    faults.refusal = refusal
  },
  slow: ({ answerMillis = 0, codeMillis = 0, eventMillis = 0 }) => {
    faults.answerMillis = answerMillis
    faults.codeMillis = codeMillis
    faults.eventMillis = eventMillis
  },
  lose: (events) => {
    faults.losses.choice = events
  },
  duplicate: (events) => {
    faults.repeats.choice = events
  },
  deafen: (name, isDeaf) => {
    if (isDeaf) faults.deaf.add(name)
    else faults.deaf.delete(name)
  },
  keepDeleted: (keeps) => {
    faults.keepsDeleted = keeps
  },
  endFaults: () => endFaults(faults)
})

const changes = ({ sent, state }: Backend, { calls }: Told): Changes => {
  const add: Changes["add"] = (name, known = {}) => {
    const websocket = { enabled: true, events: settingsOfEvolution }
    const instance = { ...newInstance(state, name), websocket, ...known }
    state.instances.set(name, instance)
    return instance
  }
  return {
    add,
    addLinked: (name, phone = "5511999990001") =>
      add(name, { state: "open", ownerJid: jidOf(phone), profileName: "Loja" }),
    vanish: (name) => {
      state.instances.delete(name)
      state.messages.delete(name)
    },
    forgetMessages: (name, count) => void state.messages.get(name)?.splice(0, count),
    broadcast: (isOn) => {
      state.globalEvents = isOn
    },
    changeKey: (apiKey) => {
      state.apiKey = apiKey
    },
    reset: () => {
      endFaults(state.faults)
      sent.forget()
      calls.length = 0
    }
  }
}
