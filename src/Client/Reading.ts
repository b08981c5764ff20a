/**
 * A reader's place in the log: what the frames of a stream mean for it, and when and how often it comes back.
 * The rules are the same with promises and with Effect.
 */
import type { Part } from "./Frames.ts"

/** Events after `after` were purged before the reader came to them; it goes on at `cursor`. */
export interface Missed {
  readonly after: number
  readonly cursor: number
}

/** Why a stream ended although its reader goes on. */
export interface Interruption {
  /**
   * `stopping`, `too_slow`, `unauthorized`: the service said so in its last frame. `silent`: not even a heartbeat came for
   * 40 s. `refused`: the answer was no stream, and may be another time.
   */
  readonly reason:
    | "ended"
    | "failed"
    | "refused"
    | "silent"
    | "stopping"
    | "too_slow"
    | "unauthorized"
  readonly message: string
  /** In ms, as the answer wants it. */
  readonly retryAfter?: number
}

export type Heard =
  | { readonly _tag: "Event"; readonly record: unknown }
  | { readonly _tag: "Status"; readonly change: unknown }
  | ({ readonly _tag: "Missed" } & Missed)
  /** A heartbeat: the connection has held for a while. */
  | { readonly _tag: "Alive" }
  | { readonly _tag: "Interrupted"; readonly by: Interruption }

/** Data of the frames `hello` and `bye`. */
type Greeting = { readonly recovered: boolean; readonly cursor: number }
type Farewell = { readonly reason: Interruption["reason"]; readonly message: string }

export class Reading {
  /** The `id` of the last frame that was taken; `undefined` before the first, if the reader named none. */
  cursor: number | undefined
  /** A stream of the service was read. */
  hasRead = false

  constructor(after: number | undefined) {
    this.cursor = after
  }

  /** The meaning of a frame; nothing for one that only tells the place. */
  take(part: Part): Heard | undefined {
    if (part._tag === "Comment") return { _tag: "Alive" }
    const data = parsed(part.data)
    // An intermediary cut the frame, or wrote one of its own: the place stays before it.
    if (data === undefined) return { _tag: "Interrupted", by: garbled }
    this.hasRead = true
    const before = this.cursor
    if (/^\d+$/.test(part.id)) this.cursor = Number(part.id)
    switch (part.event) {
      case "":
        return { _tag: "Event", record: data }
      case "status":
        return { _tag: "Status", change: data }
      case "hello": {
        const { cursor, recovered } = data as Greeting // as the API's page describes it
        return recovered || before === undefined
          ? undefined
          : { _tag: "Missed", after: before, cursor }
      }
      case "bye": {
        const { message, reason } = data as Farewell // as the API's page describes it
        return { _tag: "Interrupted", by: { reason, message } }
      }
      default:
        return undefined
    }
  }
}

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const garbled: Interruption = { reason: "failed", message: "A frame was no JSON" }

export const ended: Interruption = { reason: "ended", message: "The connection ended" }

/** The service's heartbeat comes each 15 s: two of them may be late. In ms. */
export const longestSilence = 40_000

export const silent: Interruption = {
  reason: "silent",
  message: `Nothing came for ${longestSilence / 1000} s`
}

/**
 * Pauses between tries, in ms: they double from `first` to `longest`. Each is shortened at random by up to
 * half, so that the readers of a service that starts again do not come all at once.
 */
export const pauses = { first: 1000, longest: 30_000, shortening: 0.5 }

/** The pause after so many tries in a row without an event or a heartbeat. `random`: from 0 to 1. */
export const pauseAfter = (tries: number, { retryAfter = 0 }: Interruption, random: number) => {
  const pause = Math.min(pauses.longest, pauses.first * 2 ** Math.min(tries, 30))
  return retryAfter + pause * (1 - pauses.shortening * random)
}

/** An answer that is not the one that was asked for. */
export interface Refusal {
  readonly status: number
  /** The error of this service; absent in an answer that something in between gave. */
  readonly error?: { readonly _tag: string; readonly message: string }
  /** In ms. */
  readonly retryAfter: number
}

export const refusalOf = (status: number, text: string, retryAfter: string | null): Refusal => {
  const error = parsed(text)
  const seconds = /^\d{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) : 0
  const wait = secondsIn(error) ?? seconds
  return { status, ...(isError(error) && { error }), retryAfter: wait * 1000 }
}

const isError = (json: unknown): json is { readonly _tag: string; readonly message: string } =>
  typeof json === "object" &&
  json !== null &&
  "_tag" in json &&
  "message" in json &&
  typeof json._tag === "string" &&
  typeof json.message === "string"

/** `TooManyTries` has it. */
const secondsIn = (json: unknown): number | undefined =>
  isError(json) && "retryAfterSeconds" in json && typeof json.retryAfterSeconds === "number"
    ? json.retryAfterSeconds
    : undefined

/** Answers that another time may be better: too slow, too early, too many, and the server's own failures. */
const passes = (status: number): boolean => [408, 425, 429].includes(status) || status >= 500

/**
 * True if the reader has to give up. Before the first frame, any answer of something in between means a wrong
 * address. Later it means that the service is away: some proxies answer 404 for that.
 */
export const isFinal = ({ error, status }: Refusal, hasRead: boolean): boolean =>
  !passes(status) && (error !== undefined || !hasRead)

export const messageOf = ({ error, status }: Refusal): string =>
  error?.message ?? `The answer ${status} is not of this service: is the address right?`
