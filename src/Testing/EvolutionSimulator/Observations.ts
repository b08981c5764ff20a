/** Reads what a simulated Evolution emitted, was asked, and was given to send. */
import type { Emitted } from "./Emission.ts"
import type { Backend } from "./Rest/Call.ts"
import type { RestCall } from "./Rest.ts"
import type { SimulatorServer } from "./Server.ts"
import type { Observations } from "./Simulator.ts"

/** Whom events and calls are told to, and the last calls. */
export interface Told {
  emitted: (emitted: Emitted) => void
  called: (path: string) => void
  readonly calls: Array<RestCall>
}

export const observations = (
  { sent, state }: Backend,
  server: SimulatorServer,
  told: Told
): Observations => ({
  sent: (name) => sent.after(0, name),
  nextSent: async (name, millis = 5000) => {
    const found = await sent.wait(() => sent.take(name), millis)
    if (found !== undefined) return found
    const who = name === undefined ? "Nobody" : `Nobody of "${name}"`
    const calls = told.calls
      .slice(-5)
      .map(({ method, path, status }) => `${method} ${path} ${status}`)
    throw new Error(
      [
        `${who} has sent a message within ${millis} ms.`,
        `Sockets: ${server.connections()}.`,
        calls.length === 0 ? "No call has come." : `The last calls: ${calls.join(", ")}.`
      ].join(" ")
    )
  },
  sentAfter: async (number, millis, name) => {
    const found = await sent.wait(() => some(sent.after(number, name)), millis)
    return found ?? []
  },
  calls: () => [...told.calls],
  stored: () => state.messages,
  connections: server.connections,
  connected: async (millis = 5000) => {
    const end = Date.now() + millis
    while (server.connections() === 0) {
      if (Date.now() > end) throw new Error(`No socket has come within ${millis} ms`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  },
  onEmit: (listener) => {
    told.emitted = listener
  },
  onCall: (listener) => {
    told.called = listener
  }
})

const some = <A>(items: ReadonlyArray<A>): ReadonlyArray<A> | undefined =>
  items.length === 0 ? undefined : items
