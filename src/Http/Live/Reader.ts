/**
 * One reader of the stream: the Node stream that its answer is piped from, and how far it has come.
 * Little waits in it, so that a slow one costs next to no memory.
 */
import { Readable } from "node:stream"
import { Effect, type Fiber } from "effect"
import type { Filter } from "./Filter.ts"
import * as Frames from "./Frames.ts"

/** Bytes that may wait in one who follows. They are not its own: all who want the same share them. */
const maxWaiting = 256 * 1024

/** Changes of state that wait for one who does not read; of more, the oldest are dropped. */
const maxNotes = 1024

export interface ReaderOptions {
  /** Up to where it knows that something was purged. */
  readonly told: number
  /** It asks for the first time. */
  readonly onCome: (reader: Reader) => void
  /** It has fallen behind those it followed, and can be given something again. */
  readonly onReturn: (reader: Reader) => void
  readonly onGone: (reader: Reader) => void
}

type Phase = "new" | "following" | "behind" | "reading" | "gone"

export class Reader extends Readable {
  readonly wants: Filter
  /** All that it wants up to here it has been given. */
  cursor: number
  /**
   * `following`: is given what is new with all others. `behind`: did not keep up with them. `reading`:
   * is being given what it has not.
   */
  phase: Phase = "new"
  /** Whether it ever had all there was in the log. */
  hasCaughtUp = false
  /** Up to where it knows that something was purged. */
  told: number
  /** End when it goes. */
  readonly companions = new Set<Fiber.RuntimeFiber<unknown>>()
  #isReady = false
  #whenReady: (() => void) | undefined
  #notes: Array<string> = []
  readonly #options: ReaderOptions

  constructor(wants: Filter, cursor: number, options: ReaderOptions) {
    super({ highWaterMark: 0 })
    this.wants = wants
    this.cursor = cursor
    this.told = options.told
    this.#options = options
  }

  /** Whether all that it was given is on its way. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** Whether it can be given what is new, though it may take a while. */
  get keepsUp(): boolean {
    return this.#isReady || this.readableLength < maxWaiting
  }

  /** Waits until it is. */
  readonly ready = Effect.async<void>((resume) => {
    if (this.#isReady) return resume(Effect.void)
    this.#whenReady = () => resume(Effect.void)
  })

  override _read(): void {
    this.#isReady = true
    if (this.phase === "new") this.#options.onCome(this)
    else if (this.phase === "behind") this.#options.onReturn(this)
    this.#whenReady?.()
    this.#whenReady = undefined
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.phase = "gone"
    this.#options.onGone(this)
    done(null) // who hangs up is no error
  }

  /** Puts a text before whatever it is given next. */
  note(text: string): void {
    this.#notes.push(text)
    if (this.#notes.length > maxNotes) this.#notes.shift()
  }

  /** Gives what it wants up to a cursor, which may be nothing. */
  give(part: Buffer | string, upTo: number): void {
    this.cursor = upTo
    const notes = this.#notes.join("")
    this.#notes = []
    if (notes !== "") this.#say(notes)
    if (part.length > 0) this.#say(part)
  }

  /** Follows no more; up to the cursor there was nothing that it was not given. */
  fallBehind(cursor: number): void {
    this.phase = "behind"
    this.cursor = Math.max(this.cursor, cursor)
  }

  /** Ends the stream with a word why, behind all that it was given. */
  sendAway(reason: Frames.Reason): void {
    this.phase = "gone"
    this.#say(Frames.bye(reason))
    this.push(null)
  }

  #say(part: Buffer | string): void {
    this.#isReady = false
    this.push(part)
  }
}
