/**
 * The log as it grows, to whoever stays connected: server-sent events. An event's `id` is its cursor in
 * the log, so that a reader who comes back with `Last-Event-ID` misses nothing and gets nothing twice.
 *
 * Whoever has all there was follows: what is published is sorted by what readers want, and given to all
 * who want the same as one buffer. Whoever has not reads for itself, from the bus, until it has.
 */
import { HttpServerResponse } from "@effect/platform"
import { Chunk, Context, Duration, Effect, FiberId, FiberSet, Layer, Stream } from "effect"
import { Caller } from "../Domain/Key.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { EventBus } from "../Log/EventBus.ts"
import * as Metrics from "../Telemetry/Metrics.ts"
import * as Audiences from "./Live/Audiences.ts"
import { type Filter, filterOf, type Wanted } from "./Live/Filter.ts"
import * as Frames from "./Live/Frames.ts"
import * as Pace from "./Live/Pace.ts"
import { Reader } from "./Live/Reader.ts"
import { heartbeatEvery, options, retry } from "./Sse.ts"

export type { Wanted } from "./Live/Filter.ts"

export class Live extends Context.Tag("evolution-listener/Live")<
  Live,
  {
    /** To a caller, who gets what it may see. */
    readonly respond: (
      wanted: Wanted
    ) => Effect.Effect<HttpServerResponse.HttpServerResponse, never, Caller>
  }
>() {
  static readonly layer = Layer.scoped(
    Live,
    Effect.suspend(() => make)
  )
}

/**
 * A thousand readers, whose writes take 25 ms, have their turn three times a second while as much is
 * taken in as can be, and five times when it is quiet.
 */
const pace: Pace.PaceOptions = {
  few: 10,
  share: 0.04,
  shareOfIdle: 0.1,
  idle: () => performance.eventLoopUtilization().idle,
  savings: Duration.millis(20),
  longest: Duration.millis(500)
}

/** A bug met on behalf of one must not end what is done for all. */
const orElse = <A>(effect: Effect.Effect<A>, otherwise: A): Effect.Effect<A> =>
  Effect.catchAllCause(effect, (cause) =>
    Effect.as(Effect.logError("The event stream met a bug of ours", cause), otherwise)
  )

const make = Effect.gen(function* () {
  const bus = yield* EventBus
  const registry = yield* ListenerRegistry
  const run = yield* FiberSet.makeRuntime()
  const audiences = Audiences.make()
  const counted = Metrics.sseReaders({ stream: "events" })
  let newest = 0
  let isOver = false

  const serving = Effect.async<number>((resume) => {
    const served = Effect.succeed(audiences.serve(newest))
    process.nextTick(() => resume(served)) // Node has written by then, not before
  })
  const { wake } = yield* Pace.make(orElse(serving, 0), pace)
  yield* bus.watch({
    published: (events) => {
      newest = events.at(-1)?.id ?? newest
      if (audiences.sort(events)) wake()
    },
    forgetting: () => void audiences.serve(newest)
  })
  newest = Math.max(newest, yield* bus.newest)
  yield* Effect.forkScoped(
    Stream.runForEach(registry.changes, (change) =>
      orElse(
        Effect.sync(() => {
          if (audiences.note(change.name, () => Frames.status(change))) wake()
        }),
        undefined
      )
    )
  )
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isOver = true
      audiences.serve(newest)
      for (const reader of [...audiences.readers()]) reader.sendAway("stopping")
    })
  )

  /** Whether it has to read on from the bus. If it has all there is, it follows. */
  const isBehind = (reader: Reader): boolean => {
    if (reader.phase === "gone") return false
    const isLate = bus.isLate(reader.cursor)
    // Who was there and fell out of memory again would have the database read for it for ever.
    if (isLate && reader.hasCaughtUp) {
      reader.sendAway("too_slow")
      return false
    }
    reader.hasCaughtUp ||= !isLate
    if (!bus.isNewest(reader.cursor)) return true
    reader.phase = "following"
    reader.give("", reader.cursor)
    return false
  }

  const readOn = (reader: Reader) => {
    /** What was purged before this reader came to it, and it has not been told of. */
    let missed = ""
    const absentee = {
      wants: reader.wants.isAbout,
      missed: (until: number) =>
        Effect.sync(() => {
          if (until > reader.told) missed = Frames.hello(false, reader.cursor)
          reader.told = Math.max(reader.told, until)
        })
    }
    return bus.after(reader.cursor, absentee).pipe(
      Stream.chunks,
      Stream.runForEachWhile((chunk) => {
        const events = Chunk.toReadonlyArray(chunk)
        const text = missed + Frames.textOf(events.filter(reader.wants.takes))
        missed = ""
        reader.give(text, events.at(-1)?.id ?? reader.cursor)
        return Effect.map(reader.ready, () => isBehind(reader))
      }),
      Effect.tapDefect(() => Effect.sync(() => reader.destroy())),
      (reading) => orElse(reading, undefined)
    )
  }

  /** Goes on for a reader as long as it is there. */
  const accompany = (reader: Reader, effect: Effect.Effect<unknown>): void => {
    const fiber = run(effect)
    reader.companions.add(fiber)
    fiber.addObserver(() => reader.companions.delete(fiber))
  }

  const beat = (reader: Reader) =>
    Effect.sync(() => {
      if (!reader.isReady || reader.phase === "gone") return
      const cursor = audiences.cursorOf(reader, newest)
      reader.give(Frames.heartbeat(cursor), cursor)
    })

  const onReturn = (reader: Reader): void => {
    if (!isBehind(reader)) return
    reader.phase = "reading"
    accompany(reader, readOn(reader))
  }

  const open = (filter: Filter, after: number | undefined, now: number) => {
    const isKnown = after !== undefined && after <= now
    const cursor = isKnown ? after : now
    const told = bus.purgedUntil(filter.isAbout)
    const hello = Frames.hello(isKnown && told <= cursor, cursor)
    return new Reader(filter, cursor, {
      told,
      onCome: (reader) => {
        audiences.enter(reader)
        counted.unsafeModify(1, [])
        reader.give(`${retry}${hello}`, cursor)
        if (isOver) return reader.sendAway("stopping")
        accompany(reader, Effect.schedule(beat(reader), heartbeatEvery))
        reader.phase = "behind"
      },
      onReturn,
      onGone: (reader) => {
        if (audiences.leave(reader)) counted.unsafeModify(-1, [])
        for (const fiber of reader.companions) fiber.unsafeInterruptAsFork(FiberId.none)
      }
    })
  }

  return Live.of({
    respond: (wanted) =>
      Effect.zipWith(Caller, bus.newest, (caller, now) =>
        HttpServerResponse.raw(open(filterOf(wanted, caller), wanted.after, now), options)
      )
  })
})
