/** Reads the log for a feed: what is old page by page, and what is new as it is published, without a fiber. */
import { Cause, Chunk, Effect, FiberSet, Option, type Scope, Stream } from "effect"
import { type LoggedEvent, toLogged } from "../../Domain/Event.ts"
import type { Absentee, EventBus } from "../../Log/EventBus.ts"
import type { EventQuery, EventStore } from "../../Log/EventStore.ts"
import { persistently } from "../../Storage/Failure.ts"

export interface Options {
  readonly bus: Pick<EventBus["Type"], "after" | "isLate" | "recent" | "watch">
  readonly store: Pick<EventStore["Type"], "read">
  /** Nothing up to this event is read. */
  readonly begun: number
  readonly wants: Absentee["wants"]
  readonly query: Pick<EventQuery, "events" | "only" | "servers">
  /** Called with each event, in order. */
  readonly route: (event: LoggedEvent) => void
  /** Waits until there is room for an old event. */
  readonly room: (event: LoggedEvent) => Effect.Effect<void>
  /** Called at a defect: nothing more is read. */
  readonly crashed: (cause: Cause.Cause<never>) => Effect.Effect<unknown>
}

export interface Reader {
  /** Everything up to this event is routed. */
  readonly position: () => number
  /** There may be more in the log. */
  readonly isLate: () => boolean
}

const page = { limit: 500, bytes: 2 * 1024 * 1024 }

const make = Effect.fnUntraced(function* ({ begun, crashed, room, route }: Options) {
  const start = yield* FiberSet.makeRuntime<never, void, never>()
  let position = begun
  const pass = (event: LoggedEvent): void => {
    if (event.id <= position) return
    route(event)
    position = event.id
  }
  return {
    pass,
    passOld: (events: Chunk.Chunk<LoggedEvent>) =>
      Effect.forEach(events, (event) => Effect.andThen(room(event), () => pass(event)), {
        discard: true
      }),
    position: () => position,
    start: (reading: Effect.Effect<unknown>): void => {
      start(
        Effect.asVoid(reading).pipe(
          Effect.tapErrorCause((cause) =>
            Cause.isInterruptedOnly(cause) ? Effect.void : crashed(cause)
          )
        )
      )
    }
  }
})

/** Reads without an end. */
export const follow = (options: Options): Effect.Effect<Reader, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { bus, crashed, query, wants } = options
    const { pass, passOld, position, start } = yield* make(options)
    let isLate = true

    /** Ends when what comes next is in memory. */
    const readOld = Effect.suspend(() =>
      // Lanes look for what was purged.
      bus.after(position(), { wants, query, missed: () => Effect.void }).pipe(
        Stream.chunks,
        Stream.runForEachWhile((events) =>
          Effect.map(passOld(events), () => bus.isLate(position()))
        )
      )
    )
    /** In one step with the last look at the bus, so that nothing is published in between. */
    const join = Effect.sync(() => {
      if (bus.isLate(position())) return false
      for (const event of bus.recent(position())) pass(event)
      isLate = false
      return true
    })
    const catchUp = Effect.suspend(() => (bus.isLate(position()) ? readOld : Effect.void)).pipe(
      Effect.zipRight(join),
      Effect.repeat({ until: (hasJoined) => hasJoined })
    )

    yield* bus.watch({
      published: (events) => {
        if (isLate) return
        try {
          for (const event of events) pass(event)
        } catch (defect) {
          isLate = true
          start(crashed(Cause.die(defect)))
        }
        // Without events: some were passed over.
        if (events.length > 0 || !bus.isLate(position())) return
        isLate = true
        start(catchUp)
      },
      forgetting: () => {}
    })
    start(catchUp)
    return { position, isLate: () => isLate }
  })

/** Reads up to an event, and calls `ended`. */
export const replay = (
  options: Options,
  until: number,
  ended: () => void
): Effect.Effect<Reader, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { begun, query, store } = options
    const { passOld, position, start } = yield* make(options)
    let isLate = true
    const past = Stream.paginateChunkEffect(begun, (after) =>
      Effect.map(
        persistently(store.read({ ...query, ...page, after, until })),
        (records) =>
          [
            Chunk.unsafeFromArray(records.map(toLogged)),
            Option.fromNullable(records.at(-1)?.id)
          ] as const
      )
    )
    start(
      Effect.andThen(Stream.runForEachChunk(past, passOld), () => {
        isLate = false
        ended()
      })
    )
    return { position: () => (isLate ? position() : until), isLate: () => isLate }
  })
