/** One reader of the event stream: the Node stream that its answer is piped from, and its cursor. */
import { Readable } from "node:stream"
import type { Fiber } from "effect"
import type { Room } from "../Room.ts"
import type { Filter } from "./Filter.ts"
import * as Frames from "./Frames.ts"

/** Changes of state that wait for a reader that has no room; of more, the oldest are dropped. */
const maxNotes = 1024

export class Reader extends Readable {
  readonly wants: Filter
  /** The reader was given all that it wants up to here. */
  cursor: number
  /** The reader knows that events up to here were purged. */
  purgedUntil: number
  /** True while a page is read from the log. */
  isReading = false
  /** True once the reader has come so far that memory has all that follows. */
  hasCaughtUp = false
  /** The reader gets nothing more, but this reason as soon as it has room. */
  dismissal: Frames.Reason | undefined
  /** Are interrupted when the reader leaves. */
  readonly companions = new Set<Fiber.RuntimeFiber<unknown>>()
  readonly #onRoom: (reader: Reader) => void
  #hasRoom = false
  /** Keeps its page in memory, so it is dropped as soon as it was called. */
  #release: (() => void) | undefined
  #notes: Array<string> = []

  constructor(
    wants: Filter,
    start: { readonly cursor: number; readonly purgedUntil: number },
    onRoom: (reader: Reader) => void
  ) {
    super({ highWaterMark: 0 })
    this.wants = wants
    this.cursor = start.cursor
    this.purgedUntil = start.purgedUntil
    this.#onRoom = onRoom
  }

  /** True if the reader has taken all that it was given. */
  get hasRoom(): boolean {
    return this.#hasRoom
  }

  /** True if the reader can be given events now. */
  get isFree(): boolean {
    return this.#hasRoom && !this.isReading
  }

  override _read(): void {
    this.#letGo()
    this.#hasRoom = true
    this.#onRoom(this)
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#letGo()
    this.#hasRoom = false
    done(null) // a reader that hangs up is no error
  }

  /** Keeps a note until there is room for it, if the reader wants notes. */
  note(frame: string): void {
    if (!this.wants.notes) return
    this.#notes.push(frame)
    if (this.#notes.length > maxNotes) this.#notes.shift()
  }

  /** Gives the notes, if there are any. The cursor in front of them is that of a reader that takes few events. */
  giveNotes(): void {
    if (this.#notes.length === 0) return
    const notes = Frames.id(this.cursor) + this.#notes.join("")
    this.#notes = []
    this.give(notes, this.cursor)
  }

  #letGo(): void {
    this.#release?.()
    this.#release = undefined
  }

  /** Counts the page that is given next, until the reader has taken it. */
  holdIn(room: Room["Type"], page: Uint8Array): void {
    this.#release = room.hold(page, () => void this.destroy())
  }

  /** Gives all that the reader wants up to a cursor, which may be nothing. */
  give(frames: Uint8Array | string, cursor: number): void {
    this.cursor = cursor
    if (frames.length === 0) return
    this.#hasRoom = false
    this.push(frames)
  }

  /** Ends the stream with the reason. */
  sendAway(reason: Frames.Reason): void {
    if (this.wants.notes) this.give(Frames.id(this.cursor) + Frames.bye(reason), this.cursor)
    this.push(null)
  }
}
