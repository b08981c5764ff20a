/** The handle of a simulated Evolution: its state, and the events and faults that tests cause. */
import type { Emit, Emitted } from "./Emission.ts"
import type { Choice, Delays, Garbage, Refusal } from "./Faults.ts"
import type { MessageOptions, ReceivedMessage } from "./Received.ts"
import type { RestCall } from "./Rest.ts"
import type { SentMessage } from "./Sent.ts"
import type { SimulatedInstance, StoredMessage } from "./State.ts"

/** WhatsApp and the phones: every event is emitted before the call returns. */
export interface Happenings {
  /**
   * A person writes a text to the instance, which has to be open: `messages.upsert`, which is given back.
   * `from` is a phone with its country's code, `5511988887777`, or a JID.
   */
  readonly text: (
    instance: string,
    from: string,
    text: string,
    options?: MessageOptions
  ) => ReceivedMessage
  /** As `text`, with any content of WhatsApp: `{ imageMessage: { caption: "…" } }`. */
  readonly message: (
    instance: string,
    from: string,
    content: Readonly<Record<string, unknown>>,
    options?: MessageOptions
  ) => ReceivedMessage
  /** The receiver's phone tells of a sent message: `messages.update` with `DELIVERY_ACK`, `READ` or `PLAYED`. */
  readonly acknowledge: (message: SentMessage, status: "DELIVERY_ACK" | "READ" | "PLAYED") => void
  /** Shows the next code: `qrcode.updated`. Gives the code's text. */
  readonly showQr: (instance: string) => Promise<string>
  /** The phone scans: `connecting`, then `open` with a profile. */
  readonly scan: (instance: string, phone?: string) => void
  /** The phone unlinks: the three events of a logout. The next link takes a code again. */
  readonly logout: (instance: string) => void
  /** The QR limit: its event, then `refused`, then silence. */
  readonly reachQrLimit: (instance: string) => void
  /** Somebody deletes the instance: `instance.delete`, then `remove.instance`. */
  readonly remove: (instance: string) => void
  /** Emits an event as Evolution does: on `/`, then on the instance's namespace. */
  readonly emit: Emit
  /** Emits anything at all on `/`. */
  readonly emitRaw: (event: string, ...args: ReadonlyArray<unknown>) => void
}

/** Faults that last do so until they are ended: by their own call, or all of them by `endFaults`. */
export interface FaultCalls {
  /** Resets every connection, once. */
  readonly drop: () => void
  /** Keeps the connections of now and sends nothing more on them, not even a ping. */
  readonly fallSilent: () => void
  /** Writes bytes that are not Socket.IO to every connection, once. */
  readonly garble: (garbage: Garbage) => void
  /** Refuses every request from now on; `undefined` ends that. */
  readonly refuse: (refusal: Refusal) => void
  /** Delays answers and events from now on; `{}` ends that. */
  readonly slow: (delays: Delays) => void
  /** Stores the chosen events and sends them to nobody; `undefined` ends that. */
  readonly lose: (events: Choice | undefined) => void
  /** Sends each of the chosen events twice; `undefined` ends that. */
  readonly duplicate: (events: Choice | undefined) => void
  /** True: messages of this instance are stored and not emitted from now on. */
  readonly deafen: (instance: string, isDeaf: boolean) => void
  /** True: deletions are answered as done, and nothing is deleted from now on. */
  readonly keepDeleted: (keeps: boolean) => void
  /** Ends every fault that lasts. */
  readonly endFaults: () => void
  /** Stops listening. What is emitted meanwhile is stored, and reaches nobody. */
  readonly stop: () => Promise<void>
  /** Starts on the same port; instances are loaded and reconnect, as after a restart. */
  readonly start: () => Promise<void>
  /** Stops, and starts again after some ms unless it is stopped for good meanwhile. */
  readonly leave: (millis: number) => Promise<void>
}

/** Changes that the real Evolution makes by its settings or its database alone. */
export interface Changes {
  /** Adds an instance without an event, as if it had always existed; its phone is not linked. */
  readonly add: (instance: string, known?: Partial<SimulatedInstance>) => SimulatedInstance
  /** Adds an instance without an event, whose phone is linked: its state is `open`. */
  readonly addLinked: (instance: string, phone?: string) => SimulatedInstance
  /** Deletes an instance without an event, as while nobody is connected. */
  readonly vanish: (instance: string) => void
  /** Deletes the oldest messages, as a clean-up of Evolution's database does. */
  readonly forgetMessages: (instance: string, count: number) => void
  /** Turns `WEBSOCKET_GLOBAL_EVENTS` on or off, which the real one can only at its start. */
  readonly broadcast: (isOn: boolean) => void
  /** Changes the global key. */
  readonly changeKey: (apiKey: string) => void
  /** Ends all faults, and forgets calls and sent messages. Instances and stored messages stay. */
  readonly reset: () => void
}

/** What the other side has done. */
export interface Observations {
  /** Messages that were sent by REST, oldest first; the last 10 000. */
  readonly sent: (instance?: string) => ReadonlyArray<SentMessage>
  /**
   * The next message that is sent, each once: waits for it if there is none.
   * Rejects after `millis` of the machine's clock, 5 000 if not said.
   */
  readonly nextSent: (instance?: string, millis?: number) => Promise<SentMessage>
  /** Messages after this number; waits for the first so many ms of the machine's clock. */
  readonly sentAfter: (
    number: number,
    millis: number,
    instance?: string
  ) => Promise<ReadonlyArray<SentMessage>>
  /** Calls of Evolution's REST with their answers' status, oldest first; the last 1 000. */
  readonly calls: () => ReadonlyArray<RestCall>
  /** Messages that Evolution has stored, by the instance's name. */
  readonly stored: () => ReadonlyMap<string, ReadonlyArray<StoredMessage>>
  /** Sockets that are in a namespace now. */
  readonly connections: () => number
  /** Waits until a socket is in a namespace. Rejects after `millis` of the machine's clock, 5 000 if not said. */
  readonly connected: (millis?: number) => Promise<void>
  /** Calls back with each emitted event from now on, received by clients or not. */
  readonly onEmit: (listener: (emitted: Emitted) => void) => void
  /** Calls back with the path of each REST call from now on, before it is answered. */
  readonly onCall: (listener: (path: string) => void) => void
}

export interface Simulator extends Happenings, FaultCalls, Changes, Observations {
  /** `EVOLUTION_API_URL` of who uses it. */
  readonly url: string
  /** `EVOLUTION_API_KEY` of who uses it. */
  readonly apiKey: string
  /** Throws if there is none of this name. */
  readonly instance: (name: string) => SimulatedInstance
  readonly instances: () => ReadonlyArray<SimulatedInstance>
}
