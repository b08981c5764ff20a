/**
 * The log as it grows, as server-sent events. An event's `id` is its cursor in the log, so that a reader
 * who reconnects with `Last-Event-ID` misses nothing and gets nothing twice.
 *
 * A reader is a cursor. It takes the next page when its socket has room: from the memory of the bus, or
 * from the log if the page has left memory. So a slow reader holds up nobody and costs one page.
 */
import { HttpServerResponse } from "@effect/platform"
import { Context, Effect, FiberId, FiberSet, Layer, Stream } from "effect"
import { KeyStore } from "../Access/KeyStore.ts"
import { loop } from "../Concurrency/Supervise.ts"
import { Caller } from "../Domain/Key.ts"
import { Servers } from "../Instances/Servers.ts"
import type { StateChange } from "../Listening/ListenerRegistry.ts"
import { EventBus } from "../Log/EventBus.ts"
import * as Metrics from "../Telemetry/Metrics.ts"
import { type Filter, filterOf, type Wanted } from "./Live/Filter.ts"
import * as Frames from "./Live/Frames.ts"
import { Reader } from "./Live/Reader.ts"
import * as Service from "./Live/Service.ts"
import { Hop } from "./Peers/Hop.ts"
import { Peers } from "./Peers.ts"
import { Room } from "./Room.ts"
import { heartbeat, heartbeatEvery, options, retry } from "./Sse.ts"

export type { Wanted } from "./Live/Filter.ts"

export class Live extends Context.Tag("evolution-listener/Live")<
  Live,
  {
    /** Streams the events that are wanted, as far as the caller's key lets it see them, and as long as it is valid. */
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
 * Up to ten readers get events at once; each reader more adds this pause, in ms, after events were given.
 * Readers cost by the write, and a pause puts what has come since into one write for each.
 */
const pausePerReader = 0.5
const readersWithoutPause = 10
const longestPause = 500

/** More events than this do not wait for the end of a pause: memory holds 13 000 messages of 1.2 KB. */
const maxWaiting = 8192

const make = Effect.gen(function* () {
  const bus = yield* EventBus
  const { all } = yield* Servers
  const peers = yield* Peers
  const changes = Stream.mergeAll(
    all.map((one) => {
      const from = (isOurs: boolean) =>
        Stream.map((change: StateChange) => [change, one.id, isOurs] as const)
      return Stream.merge(from(true)(one.changes), from(false)(peers.changes(one)))
    }),
    { concurrency: "unbounded" }
  )
  const keys = yield* KeyStore
  const { accompany, dismiss, forget, onRoom, serve, stop } = Service.make(
    bus,
    yield* Room,
    yield* FiberSet.makeRuntime()
  )
  const counted = ({ isReplica }: Filter) =>
    Metrics.sseReaders({ stream: isReplica ? "replicas" : "events" })
  const readers = new Set<Reader>()
  /** Open when there is something to give. */
  const due = yield* Effect.makeLatch(false)
  /** Events that were published since all readers were served. */
  let waiting = 0

  const serveAll = (): void => {
    waiting = 0
    for (const reader of readers) serve(reader)
  }
  const pause = Effect.suspend(() => {
    const millis = (readers.size - readersWithoutPause) * pausePerReader
    return millis > 0 ? Effect.sleep(Math.min(longestPause, millis)) : Effect.void
  })

  yield* bus.watch({
    published: (events) => {
      waiting += events.length
      if (waiting > maxWaiting) serveAll()
      else due.unsafeOpen()
    },
    forgetting: () => {
      serveAll()
      forget()
      // A reader that is late because of this is not slow.
      for (const reader of readers) reader.hasCaughtUp = false
    }
  })
  yield* loop(
    "event stream",
    due.await.pipe(
      Effect.zipRight(due.close),
      Effect.zipRight(Effect.sync(serveAll)),
      Effect.zipRight(pause),
      Effect.forever
    )
  )
  yield* loop(
    "event stream of listener states",
    Stream.runForEach(changes, ([change, server, isOurs]) =>
      Effect.sync(() => {
        let frame = ""
        for (const reader of readers) {
          if (!reader.wants.isAbout(change.name, server)) continue
          // Two replicas that follow each other would send a note to and fro.
          if (reader.wants.isReplica && !isOurs) continue
          frame ||= Frames.status(change, server)
          reader.note(frame)
        }
        if (frame !== "") due.unsafeOpen()
      })
    )
  )
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      stop()
      serveAll()
    })
  )

  const enter = (reader: Reader, keyId: string | null, greeting: string): void => {
    readers.add(reader)
    counted(reader.wants).unsafeModify(1, [])
    reader.once("close", () => {
      readers.delete(reader)
      counted(reader.wants).unsafeModify(-1, [])
      for (const fiber of reader.companions) fiber.unsafeInterruptAsFork(FiberId.none)
    })
    reader.give(greeting, reader.cursor)
    const beat = Effect.sync(() => {
      if (reader.hasRoom) reader.give(heartbeat, reader.cursor)
    })
    accompany(reader, Effect.schedule(beat, heartbeatEvery))
    if (keyId !== null)
      accompany(
        reader,
        Effect.map(keys.end(keyId), () => dismiss(reader, "unauthorized"))
      )
  }

  /** `after`: a cursor that the log has reached. It may be ahead of the bus, which then comes to it. */
  const open = (
    filter: Filter,
    keyId: string | null,
    after: number | undefined,
    newest: number
  ): Reader => {
    const isKnown = after !== undefined
    const cursor = isKnown ? after : newest
    const purgedUntil = bus.purgedUntil(filter.isAbout)
    const hello = filter.notes ? Frames.hello(isKnown && purgedUntil <= cursor, cursor) : ""
    return new Reader(filter, { cursor, purgedUntil }, (reader) =>
      readers.has(reader) ? onRoom(reader) : enter(reader, keyId, retry + hello)
    )
  }

  return Live.of({
    respond: (wanted) =>
      Effect.gen(function* () {
        const caller = yield* Caller
        const { isFromReplica } = yield* Hop
        const { after } = wanted
        const isKnown = after !== undefined && (yield* bus.isReached(after))
        const newest = yield* bus.newest
        const filter = filterOf(wanted, caller, isFromReplica)
        const reader = open(filter, caller.id, isKnown ? after : undefined, newest)
        return HttpServerResponse.raw(reader, options)
      })
  })
})
