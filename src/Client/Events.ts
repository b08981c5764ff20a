/** The log as it grows, as an async iterable. */
import type { EventRecord } from "../Domain/Event.ts"
import type { ListenerState } from "../Domain/ListenerState.ts"
import { ask, below, intoQuery, type Link } from "./Calls.ts"
import { EventsMissed, failureOf, NotReached } from "./Failure.ts"
import { makeParser } from "./Frames.ts"
import type { Plain } from "./Plain.ts"
import {
  ended,
  type Heard,
  type Interruption,
  isFinal,
  longestSilence,
  type Missed,
  messageOf,
  pauseAfter,
  Reading,
  refusalOf,
  silent
} from "./Reading.ts"
import type { AnyName, EventName, Typed } from "./Typed.ts"

export type Event<Name extends string = EventName> = Plain<Typed<EventRecord, Name>>

export interface EventsOptions<Name extends string = AnyName> {
  readonly instance?: string | undefined
  /** The id of an Evolution server; all of them if absent. */
  readonly server?: string | undefined
  /** Names such as `messages.upsert`; every event if absent. */
  readonly event?: Name | ReadonlyArray<Name> | undefined
  /** The `id` of the last event that the caller has; without it, only new events come. */
  readonly after?: number | undefined
  /** Ends the iteration: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Hears of events that were purged. Without it, the iteration rejects with `EventsMissed`. */
  readonly onMissed?: ((missed: Missed) => void) | undefined
  /** Hears of changes of the state of a listener. */
  readonly onStatus?: ((change: StatusChange) => void) | undefined
  /** Hears why the connection is made again, and in how many ms. */
  readonly onInterrupted?: ((by: Interruption, pause: number) => void) | undefined
}

export interface StatusChange {
  readonly name: string
  /** The Evolution server of the instance. */
  readonly server: string
  readonly state: Plain<ListenerState>
}

/** To iterate a second time goes on where the first iteration ended. */
export interface Events<Name extends string = EventName> extends AsyncIterable<Event<Name>> {
  /** The place up to which everything was given: keep it, and pass it as `after` in the next process. */
  readonly lastEventId: number | undefined
}

/** Makes a token for a browser's page on another site; asked before each connection, as tokens expire. */
export type StreamToken = () => string | Promise<string>

export class Following implements Events {
  readonly #link: Link
  readonly #token: StreamToken | undefined
  readonly #options: EventsOptions
  readonly #reading: Reading

  constructor(link: Link, token: StreamToken | undefined, options: EventsOptions) {
    this.#link = link
    this.#token = token
    this.#options = options
    this.#reading = new Reading(options.after)
  }

  get lastEventId(): number | undefined {
    return this.#reading.cursor
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, undefined> {
    const { onInterrupted, onMissed, onStatus, signal } = this.#options
    let tries = 0
    while (true) {
      signal?.throwIfAborted()
      let interruption = ended
      for await (const heard of this.#connection()) {
        if (heard._tag === "Interrupted") {
          interruption = heard.by
          break
        }
        if (heard._tag === "Event" || heard._tag === "Alive") tries = 0
        // Frames have the shapes that the API describes.
        if (heard._tag === "Event") yield heard.record as Event
        else if (heard._tag === "Status") onStatus?.(heard.change as StatusChange)
        else if (heard._tag === "Missed") {
          if (onMissed === undefined) throw new EventsMissed(heard)
          onMissed({ after: heard.after, cursor: heard.cursor })
        }
      }
      signal?.throwIfAborted()
      const pause = pauseAfter(tries++, interruption, Math.random())
      onInterrupted?.(interruption, pause)
      await sleep(pause, signal)
    }
  }

  /** One connection, until it is interrupted or its consumer leaves. Rejects if another would not help. */
  async *#connection(): AsyncGenerator<Heard, void, undefined> {
    const hangUp = new AbortController()
    const { signal } = this.#options
    const abort = () => hangUp.abort(signal?.reason)
    signal?.addEventListener("abort", abort)
    try {
      const response = await within(hangUp, () => this.#open(hangUp.signal))
      if (!("body" in response)) return yield { _tag: "Interrupted", by: response }
      const { body, headers, ok, status } = response
      if (!ok || body === null || !headers.get("content-type")?.startsWith("text/event-stream")) {
        const text = await within(hangUp, () => response.text())
        if (typeof text !== "string") return yield { _tag: "Interrupted", by: text }
        const refusal = refusalOf(status, text, headers.get("retry-after"))
        if (isFinal(refusal, this.#reading.hasRead)) throw failureOf(refusal)
        const { retryAfter } = refusal
        return yield {
          _tag: "Interrupted",
          by: { reason: "refused", message: messageOf(refusal), retryAfter }
        }
      }
      yield* this.#heard(body, hangUp)
    } finally {
      signal?.removeEventListener("abort", abort)
      hangUp.abort()
    }
  }

  async #open(signal: AbortSignal): Promise<Response> {
    const { event, instance, server } = this.#options
    const url = intoQuery(below(this.#link, "/events/stream"), {
      instance,
      server,
      event,
      // As a parameter: another site's page may send no header of this name.
      after: this.#reading.cursor
    })
    if (this.#token !== undefined) url.searchParams.set("token", await this.#token())
    return ask(this.#link, url, { signal, headers: { accept: "text/event-stream" } })
  }

  async *#heard(body: ReadableStream<Uint8Array>, hangUp: AbortController): AsyncGenerator<Heard> {
    const reader = body.getReader()
    const decoder = new TextDecoder()
    const parse = makeParser()
    while (true) {
      // The silence is measured while this waits, and not while the caller works on an event.
      const piece = await within(hangUp, () => reader.read())
      if ("reason" in piece) return yield { _tag: "Interrupted", by: piece }
      if (piece.done) return
      for (const part of parse(decoder.decode(piece.value, { stream: true }))) {
        const heard = this.#reading.take(part)
        if (heard !== undefined) yield heard
      }
    }
  }
}

/** Does one step of a connection, and hangs up if it takes longer than a living one is silent. */
const within = async <A>(
  hangUp: AbortController,
  step: () => Promise<A>
): Promise<A | Interruption> => {
  const timer = setTimeout(() => hangUp.abort(silent), longestSilence)
  try {
    return await step()
  } catch (error) {
    if (hangUp.signal.reason === silent) return silent
    const { message } = error instanceof NotReached ? error : new NotReached(error)
    return { reason: "failed", message }
  } finally {
    clearTimeout(timer)
  }
}

const sleep = (millis: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (settle: () => void) => () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", abort)
      settle()
    }
    const abort = done(() => reject(signal?.reason))
    const timer = setTimeout(done(resolve), millis)
    signal?.addEventListener("abort", abort)
  })
