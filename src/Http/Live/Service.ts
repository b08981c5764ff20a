/** Gives readers what there is for them: pages out of memory at once, pages of the log as they are read. */
import { Cause, Chunk, Effect, type Fiber, Option, Stream } from "effect"
import type { Absentee, EventBus } from "../../Log/EventBus.ts"
import type { Room } from "../Room.ts"
import * as Frames from "./Frames.ts"
import type { Reader } from "./Reader.ts"

/** `run` starts a fiber that ends with the service. */
export const make = (
  bus: EventBus["Type"],
  room: Room["Type"],
  run: (effect: Effect.Effect<unknown>) => Fiber.RuntimeFiber<unknown>
) => {
  const pages = Frames.sharedPages()
  let isStopping = false

  /** Reads one page for a reader that is behind memory, or that has to wait for room. */
  const readLog = (reader: Reader) => {
    const { cursor, wants } = reader
    let hello = ""
    const absentee: Absentee = {
      wants: wants.isAbout,
      query: wants.query,
      turn: room.turn,
      missed: (until) =>
        Effect.sync(() => {
          if (until > reader.purgedUntil) hello = Frames.hello(false, cursor)
          reader.purgedUntil = Math.max(reader.purgedUntil, until)
        })
    }
    const waits = bus.isLate(cursor) ? Effect.void : room.turn(Effect.void)
    return Stream.unwrap(Effect.as(waits, bus.after(cursor, absentee))).pipe(
      Stream.chunks,
      Stream.runHead,
      Effect.map(Option.match({ onNone: () => [], onSome: Chunk.toReadonlyArray })),
      Effect.flatMap((events) =>
        Effect.sync(() => {
          reader.isReading = false
          const text = (wants.notes ? hello : "") + Frames.textOf(events.filter(wants.takes))
          if (reader.dismissal === undefined)
            give(reader, Buffer.from(text), events.at(-1)?.id ?? cursor)
          serve(reader)
        })
      )
    )
  }

  const give = (reader: Reader, page: Uint8Array, last: number): void => {
    reader.holdIn(room, page)
    reader.give(page, last)
  }

  /** Gives a reader what there is for it, as long as it has room. */
  const advance = (reader: Reader): void => {
    if (reader.dismissal !== undefined) return void reader.sendAway(reader.dismissal)
    reader.giveNotes()
    while (reader.isFree && !isStopping && !bus.isLate(reader.cursor)) {
      const { cursor, wants } = reader
      reader.hasCaughtUp = true
      const events = bus.recent(cursor)
      if (events.length === 0) return
      if (room.isFull()) break
      const page = pages.pageOf(wants, cursor, events)
      give(reader, page.bytes, page.cursor)
    }
    if (!reader.isFree) return
    if (isStopping) return void reader.sendAway("stopping")
    reader.hasCaughtUp = false
    reader.isReading = true
    accompany(reader, readLog(reader))
  }

  const serve = (reader: Reader): void => {
    if (!reader.isFree) return
    try {
      advance(reader)
    } catch (bug) {
      fail(reader, Cause.die(bug))
    }
  }

  /** The database would be read for ever for a reader that falls out of memory again and again. */
  const onRoom = (reader: Reader): void => {
    if (reader.hasCaughtUp && bus.isLate(reader.cursor)) reader.sendAway("too_slow")
    else serve(reader)
  }

  /** A bug that one reader meets ends its stream and nothing else. */
  const fail = (reader: Reader, cause: Cause.Cause<never>): void => {
    run(Effect.logError("A reader of the event stream met a bug of ours", cause))
    reader.destroy()
  }

  /** Runs an effect as long as the reader is connected. */
  const accompany = (reader: Reader, effect: Effect.Effect<unknown>): void => {
    const fiber = run(
      Effect.catchAllCause(effect, (cause) => Effect.sync(() => fail(reader, cause)))
    )
    reader.companions.add(fiber)
    fiber.addObserver(() => reader.companions.delete(fiber))
  }

  return {
    serve,
    onRoom,
    accompany,
    /** Gives a reader nothing more, and sends it away as soon as it has room. */
    dismiss: (reader: Reader, reason: Frames.Reason): void => {
      reader.dismissal = reason
      serve(reader)
    },
    /** Keeps nothing of the events that were given. */
    forget: pages.forget,
    /** From now on, readers are sent away as soon as they have room. */
    stop: (): void => {
      isStopping = true
    }
  }
}
