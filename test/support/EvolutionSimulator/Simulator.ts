/** The handle of a simulated Evolution: what it shows, and what can be made to happen. */
import type { Refusal, SimulatedInstance } from "./State.ts"
import type { Garbage } from "./Transport.ts"

export interface Emitted {
  readonly instance: string
  readonly event: string
  readonly data: unknown
}

export interface Simulator {
  readonly url: string
  readonly apiKey: string
  readonly instance: (name: string) => SimulatedInstance
  readonly instances: () => ReadonlyArray<SimulatedInstance>
  /** Adds an instance without a word, as if it had always been there. */
  readonly add: (name: string, known?: Partial<SimulatedInstance>) => SimulatedInstance
  /** Emits an event as Evolution does: on `/`, then on the instance's namespace. */
  readonly emit: (name: string, event: string, data: unknown, extra?: object) => void
  /** Is told of each such event from now on, whether anybody hears it or not. */
  readonly onEmit: (listener: (emitted: Emitted) => void) => void
  /** Is told the path of each REST call from now on. */
  readonly onCall: (listener: (path: string) => void) => void
  /** Emits anything at all on `/`. */
  readonly emitRaw: (event: string, ...args: ReadonlyArray<unknown>) => void
  readonly showQr: (name: string) => Promise<string>
  /** The phone scans: `connecting`, then `open` with a profile. */
  readonly scan: (name: string) => void
  /** The phone unlinks: the three events of a logout. The next link takes a code again. */
  readonly logout: (name: string) => void
  /** The QR limit: its event, then `refused`, then silence. */
  readonly reachQrLimit: (name: string) => void
  readonly remove: (name: string) => void
  /** Resets every connection. */
  readonly drop: () => void
  /** Keeps every connection, says nothing more on it, not even a ping. */
  readonly fallSilent: () => void
  /** Writes what is no Socket.IO to every connection. */
  readonly garble: (garbage: Garbage) => void
  /** Refuses everybody from now on, whatever is asked; `undefined` ends that. */
  readonly refuse: (refusal: Refusal) => void
  readonly changeKey: (apiKey: string) => void
  readonly stop: () => Promise<void>
  /** Stops, and starts again after so many ms unless it is stopped for good meanwhile. */
  readonly leave: (millis: number) => Promise<void>
  /** On the same port; instances are loaded and reconnect, as after a restart. */
  readonly start: () => Promise<void>
  /** Sockets that are in a namespace now. */
  readonly connections: () => number
}
