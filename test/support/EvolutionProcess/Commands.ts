/** Commands of a simulated Evolution in a process, and their answers. */
import type { Garbage, Refusal, SimulatedInstance } from "../../../src/Testing/mod.ts"

/** A load of messages: one at a time, from any of the instances. */
export interface Load {
  readonly instances: ReadonlyArray<string>
  readonly eventsPerSecond: number
  /** Duration; without one the load goes on until a command ends it. */
  readonly seconds?: number
  /** Number of different people who write; without it each message is of another one. */
  readonly people?: number
  /** The share of `presence.update`, which Evolution does not store; none by default. */
  readonly presences?: number
  readonly seed: number
}

/** A message by the name of its instance and its key. */
export interface Named {
  readonly instance: string
  readonly id: string
}

/** An emitted event, received by clients or not. */
export interface Sent {
  readonly instance: string
  readonly event: string
  /** `key.id` of a message; `id` of another event that has one. */
  readonly id: string | null
  /** Number of the event within its instance; only events of a load have one. */
  readonly seq: number | null
  /** The process's clock, ms since 1970 UTC. */
  readonly at: number
}

export interface Commands {
  readonly add: (names: ReadonlyArray<string>, known?: Partial<SimulatedInstance>) => void
  readonly emit: (name: string, event: string, data: unknown, extra?: object) => void
  /** Emits the same event repeatedly, at an even pace. */
  readonly repeat: (
    event: { readonly instance: string; readonly event: string; readonly data: unknown },
    count: number,
    seconds: number
  ) => void
  /** A chunk of history: one `messages.set` of about this size. Gives the number of messages. */
  readonly history: (name: string, megabytes: number) => number
  /** Begins a load; ends the one before it. */
  readonly load: (load: Load) => void
  readonly endLoad: () => void
  /** Sends one message of each instance. Gives the ids. */
  readonly message: (instances: ReadonlyArray<string>) => ReadonlyArray<string>
  /** Sends this many messages of an instance at an even pace, with media of this many bytes as base64. */
  readonly media: (name: string, count: number, bytes: number, seconds: number) => void
  readonly stored: () => ReadonlyArray<Named>
  readonly sent: () => ReadonlyArray<Sent>
  /** `WEBSOCKET_GLOBAL_EVENTS` from now on. */
  readonly broadcast: (isOn: boolean) => void
  /** Stores the messages of an instance and emits none of them. */
  readonly deafen: (name: string, isDeaf: boolean) => void
  readonly drop: () => void
  readonly fallSilent: () => void
  readonly garble: (garbage: Garbage) => void
  readonly refuse: (refusal: Refusal) => void
  /** Stops listening; events go on without receivers. */
  readonly stop: () => Promise<void>
  /** Listens again on the same port, as after a restart. */
  readonly start: () => Promise<void>
  readonly connections: () => number
}

export type Request = {
  readonly [K in keyof Commands]: {
    readonly number: number
    readonly command: K
    readonly args: Parameters<Commands[K]>
  }
}[keyof Commands]

export type Reply =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: string }
  /** It listens. */
  | { readonly url: string; readonly apiKey: string }
