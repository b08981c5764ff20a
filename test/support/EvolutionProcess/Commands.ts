/** What can be asked of a simulated Evolution that is a process of its own, and what it answers. */
import type { Refusal, SimulatedInstance } from "../EvolutionSimulator/State.ts"
import type { Garbage } from "../EvolutionSimulator/Transport.ts"

/** Messages as they come in: one a time, from any of the instances. */
export interface Load {
  readonly instances: ReadonlyArray<string>
  readonly eventsPerSecond: number
  /** Until told to end, unless it says for how long. */
  readonly seconds?: number
  readonly seed: number
}

/** An event that was emitted, whether anybody heard it or not. */
export interface Sent {
  readonly instance: string
  readonly event: string
  /** `key.id`, when it is a message. */
  readonly id: string | null
  /** Counts an instance's messages; only what a load sends has one. */
  readonly seq: number | null
  /** The process's clock, ms since 1970 UTC. */
  readonly at: number
}

export interface Commands {
  readonly add: (names: ReadonlyArray<string>, known?: Partial<SimulatedInstance>) => void
  readonly emit: (name: string, event: string, data: unknown, extra?: object) => void
  /** Emits one and the same event so many times, evenly. */
  readonly repeat: (
    event: { readonly instance: string; readonly event: string; readonly data: unknown },
    count: number,
    seconds: number
  ) => void
  /** A chunk of history: one `messages.set` of about this size. Gives the number of messages. */
  readonly history: (name: string, megabytes: number) => number
  /** Begins; the load before it, if there is one, ends. */
  readonly load: (load: Load) => void
  readonly endLoad: () => void
  /** One message of each instance, as a load sends them. Gives the ids. */
  readonly message: (instances: ReadonlyArray<string>) => ReadonlyArray<string>
  readonly sent: () => ReadonlyArray<Sent>
  readonly drop: () => void
  readonly fallSilent: () => void
  readonly garble: (garbage: Garbage) => void
  readonly refuse: (refusal: Refusal) => void
  /** Listens no more; events go on and nobody hears them. */
  readonly stop: () => Promise<void>
  /** As after a restart, on the same port. */
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
