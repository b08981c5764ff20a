/** The handle of a simulated Evolution: its state, and the events and faults that tests cause. */
import type { Refusal, SimulatedInstance, StoredMessage } from "./State.ts"
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
  /** Adds an instance without an event, as if it had always existed. */
  readonly add: (name: string, known?: Partial<SimulatedInstance>) => SimulatedInstance
  /** Emits an event as Evolution does: on `/`, then on the instance's namespace. */
  readonly emit: (name: string, event: string, data: unknown, extra?: object) => void
  /** Calls back with each emitted event from now on, received by clients or not. */
  readonly onEmit: (listener: (emitted: Emitted) => void) => void
  /** Calls back with the path of each REST call from now on. */
  readonly onCall: (listener: (path: string) => void) => void
  /** Messages that Evolution has stored, by the instance's name. */
  readonly stored: () => ReadonlyMap<string, ReadonlyArray<StoredMessage>>
  /** Emits anything at all on `/`. */
  readonly emitRaw: (event: string, ...args: ReadonlyArray<unknown>) => void
  readonly showQr: (name: string) => Promise<string>
  /** The phone scans: `connecting`, then `open` with a profile. */
  readonly scan: (name: string, phone?: string) => void
  /** The phone unlinks: the three events of a logout. The next link takes a code again. */
  readonly logout: (name: string) => void
  /** The QR limit: its event, then `refused`, then silence. */
  readonly reachQrLimit: (name: string) => void
  readonly remove: (name: string) => void
  /** Deletes an instance without an event, as while nobody is connected. */
  readonly vanish: (name: string) => void
  /** Resets every connection. */
  readonly drop: () => void
  /** Keeps every connection and sends nothing more, not even a ping. */
  readonly fallSilent: () => void
  /** Writes bytes that are not Socket.IO to every connection. */
  readonly garble: (garbage: Garbage) => void
  /** Refuses every request from now on; `undefined` ends that. */
  readonly refuse: (refusal: Refusal) => void
  /** Turns `WEBSOCKET_GLOBAL_EVENTS` on or off, which the real one can only at its start. */
  readonly broadcast: (isOn: boolean) => void
  /** True: messages of this instance are stored and not emitted from now on. */
  readonly deafen: (name: string, isDeaf: boolean) => void
  /** Deletes the oldest messages, as a clean-up of Evolution's database does. */
  readonly forgetMessages: (name: string, count: number) => void
  /** True: deletions are answered as done, and nothing is deleted from now on. */
  readonly keepDeleted: (keeps: boolean) => void
  readonly changeKey: (apiKey: string) => void
  readonly stop: () => Promise<void>
  /** Stops, and starts again after some ms unless it is stopped for good meanwhile. */
  readonly leave: (millis: number) => Promise<void>
  /** Starts on the same port; instances are loaded and reconnect, as after a restart. */
  readonly start: () => Promise<void>
  /** Sockets that are in a namespace now. */
  readonly connections: () => number
}
