/** What is wrong with a simulated Evolution now. Every fault lasts until it is ended. */
import { makeRandom, type Random } from "../Random.ts"

/** The answer of a proxy, a firewall or a login page in front of Evolution. */
export interface Intermediary {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  /** True: it lets sockets pass, as a firewall whose rules are about REST alone. */
  readonly sparesSockets?: boolean
}

/** Bytes that are not Socket.IO. */
export type Garbage =
  /** A text frame that is no packet. */
  | "text"
  /** An event packet that is not JSON. */
  | "event"
  /** A frame that exceeds every bound. */
  | "oversized"
  /** Bytes that are no WebSocket frame. */
  | "bytes"

/** A refusal of all requests: an intermediary's answer, or the missing licence of 2.4. */
export type Refusal = Intermediary | "license" | undefined

/** Some of the events that are emitted from now on. Without any field: all of them. */
export interface Choice {
  /** Only so many of them, and the choice ends. */
  readonly next?: number
  /** Only this share of them, 0 to 1; the seed decides which. */
  readonly share?: number
  /** Only events of this name, such as `messages.upsert`. */
  readonly event?: string
  /** Only events of this instance. */
  readonly instance?: string
}

/** Delays from now on, in ms of the simulator's clock. */
export interface Delays {
  /** Time until a REST call is answered. */
  readonly answerMillis?: number
  /** Time until an emitted event is sent. Events keep their order. */
  readonly eventMillis?: number
  /** Time until WhatsApp gives the first code; Evolution answers `{"count":0}` meanwhile. */
  readonly codeMillis?: number
}

/** A choice that counts. */
export interface Chooser {
  choice: Choice | undefined
  /** Is this event chosen? */
  readonly takes: (event: string, instance: string) => boolean
}

const makeChooser = (random: Random): Chooser => {
  const chooser: Chooser = {
    choice: undefined,
    takes: (event, instance) => {
      const { choice } = chooser
      if (choice === undefined) return false
      if (choice.event !== undefined && choice.event !== event) return false
      if (choice.instance !== undefined && choice.instance !== instance) return false
      const { next, share = 1 } = choice
      if (next !== undefined && next <= 0) return false
      if (random.next() >= share) return false
      if (next !== undefined)
        chooser.choice = next === 1 ? undefined : { ...choice, next: next - 1 }
      return true
    }
  }
  return chooser
}

export interface Faults {
  refusal: Refusal
  answerMillis: number
  eventMillis: number
  codeMillis: number
  readonly losses: Chooser
  readonly repeats: Chooser
  /** Instances whose messages are stored and not emitted, as Evolution 2.3.6 does after a logout. */
  readonly deaf: Set<string>
  /** True: a deletion is answered as done, and the clean-up after the answer fails. */
  keepsDeleted: boolean
}

export const makeFaults = (seed: number): Faults => ({
  refusal: undefined,
  answerMillis: 0,
  eventMillis: 0,
  codeMillis: 0,
  losses: makeChooser(makeRandom(seed, "losses")),
  repeats: makeChooser(makeRandom(seed, "repeats")),
  deaf: new Set(),
  keepsDeleted: false
})

export const endFaults = (faults: Faults): void => {
  faults.refusal = undefined
  faults.answerMillis = 0
  faults.eventMillis = 0
  faults.codeMillis = 0
  faults.losses.choice = undefined
  faults.repeats.choice = undefined
  faults.deaf.clear()
  faults.keepsDeleted = false
}
