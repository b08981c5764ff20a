/** The way of an event: into the envelope, into the table of messages, and onto the socket. */
import { settingsForm } from "../../Domain/EventName.ts"
import { store, storedEvents } from "./Messages.ts"
import type { SimulatorServer } from "./Server.ts"
import { clockOf, type State } from "./State.ts"
import type { Timers } from "./Time.ts"

/** An event that was emitted, received by clients or not. */
export interface Emitted {
  readonly instance: string
  readonly event: string
  readonly data: unknown
}

export type Emit = (instance: string, event: string, data: unknown, extra?: object) => void

export interface Emission {
  readonly emit: Emit
  /** Loses what waits for its time. */
  readonly end: () => void
}

export const makeEmission = (
  state: State,
  server: SimulatorServer,
  timers: Timers,
  tell: (emitted: Emitted) => void
): Emission => {
  const line = makeLine(state, timers)
  const emit: Emit = (name, event, data, extra = {}) => {
    const instance = state.instances.get(name)
    const jid = instance?.ownerJid
    const envelope = {
      event,
      instance: name,
      data,
      server_url: "http://localhost:8080",
      date_time: new Date(clockOf(state)).toISOString(),
      ...(jid == null ? {} : { sender: jid }),
      apikey: (state.settings.exposesTokens && instance?.token) || null,
      ...extra
    }
    store(state, instance, event, data)
    tell({ instance: name, event, data })
    const { deaf, losses, repeats } = state.faults
    if (deaf.has(name) && storedEvents.has(event)) return
    if (losses.takes(event, name)) return
    const times = repeats.takes(event, name) ? 2 : 1
    // The real one looks the settings up in its database first, so the namespace lags behind `/`.
    const { websocket } = instance ?? {}
    const isWanted = websocket?.enabled === true && websocket.events.includes(settingsForm(event))
    line.add(() => {
      for (let time = 0; time < times; time++) {
        if (state.globalEvents) server.emit(event, envelope)
        if (isWanted) setImmediate(() => server.emitTo(name, event, envelope))
      }
    })
  }
  return { emit, end: line.end }
}

/** Acts after the delay of now, and never before an act that came first. */
const makeLine = (state: State, timers: Timers) => {
  const acts: Array<() => void> = []
  let lastDue = 0
  const add = (act: () => void): void => {
    const now = state.time.now()
    const due = now + state.faults.eventMillis
    lastDue = acts.length === 0 ? due : Math.max(due, lastDue)
    if (lastDue <= now && acts.length === 0) {
      act()
      return
    }
    acts.push(act)
    // Timers of one instant may come in any order; each lets the oldest act happen.
    timers.after(lastDue - now, () => acts.shift()?.())
  }
  return { add, end: () => void acts.splice(0) }
}
