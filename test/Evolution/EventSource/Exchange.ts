/** Connections in memory that a test feeds and ends, and a renewable link over them. */
import { Chunk, Clock, Effect, Mailbox, Option, type Scope, TestClock } from "effect"
import * as InFlight from "../../../src/Concurrency/InFlight.ts"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import { ConnectionLost, type LinkError } from "../../../src/Domain/LinkError.ts"
import { renewable } from "../../../src/Evolution/EventSource/Renewal.ts"
import { drain } from "../../../src/Evolution/EventSource/Sink.ts"
import type { Heard } from "../../../src/Evolution/Wire/Hearing.ts"
import type * as SocketIo from "../../../src/Evolution/Wire/SocketIo.ts"
import { dataOf, oneByOne } from "./support.ts"

export const lost = ConnectionLost.of(1006, "")

export interface Connection {
  readonly inbox: Mailbox.Mailbox<RawEvent, LinkError>
  /** Its `heard`; `undefined`: a frame came just now. */
  heard: Heard | undefined
  /** Its scope is closed. */
  isLeft: boolean
}

export const eventOf = (data: unknown, receivedAt: number): RawEvent => ({
  name: "call",
  payload: { event: "call", instance: "shop-1", data },
  receivedAt
})

/** The dialled connections, oldest first, with hooks before each dial and in each close. */
export const makeServer = Effect.gen(function* () {
  const connections: Array<Connection> = []
  const server = {
    beforeDial: Effect.void as Effect.Effect<void, LinkError>,
    goodbye: Effect.void as Effect.Effect<void>
  }
  const dial: Effect.Effect<SocketIo.SocketIo, LinkError, Scope.Scope> = Effect.gen(function* () {
    yield* Effect.suspend(() => server.beforeDial)
    const inbox = yield* Mailbox.make<RawEvent, LinkError>()
    const connection: Connection = { inbox, heard: undefined, isLeft: false }
    connections.push(connection)
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        connection.isLeft = true
        return server.goodbye
      })
    )
    return {
      join: () => Effect.void,
      pull: Effect.flatMap(Effect.mapError(inbox.takeAll, Option.some), ([events, isOver]) =>
        isOver && Chunk.isEmpty(events)
          ? Effect.fail(Option.none())
          : Effect.succeed(Chunk.toReadonlyArray(events))
      ),
      heard: Effect.map(
        Clock.currentTimeMillis,
        (until) => connection.heard ?? { until, isHeldBack: false }
      ),
      inFlight: InFlight.make(),
      end: inbox.end
    }
  })
  /** Sends on one connection; the oldest is number 0. */
  const sendOn = (number: number, ...data: ReadonlyArray<unknown>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.suspend(
        () =>
          connections[number]?.inbox.offerAll(data.map((one) => eventOf(one, now))) ??
          Effect.dieMessage(`There is no connection ${number}`)
      )
    )
  /** Sends on every open connection, as Evolution does. */
  const broadcast = (...data: ReadonlyArray<unknown>) =>
    Effect.suspend(() =>
      Effect.forEach(
        connections.flatMap(({ isLeft }, number) => (isLeft ? [] : [number])),
        (number) => sendOn(number, ...data),
        { discard: true }
      )
    )
  return Object.assign(server, { broadcast, connections, dial, sendOn })
})

/** A renewable link with a reader. While `goesOn` is shut, the reader is stuck in an event. */
export const listened = Effect.gen(function* () {
  const server = yield* makeServer
  const link = yield* renewable(server.dial)
  const goesOn = yield* Effect.makeLatch(true)
  const read: Array<unknown> = []
  const reader = yield* Effect.forkScoped(
    drain(
      link.pull,
      oneByOne((event) =>
        Effect.zipRight(
          Effect.sync(() => read.push(dataOf(event))),
          goesOn.await
        )
      )
    )
  )
  yield* settle
  return { goesOn, link, read, reader, server }
})

/** Lets every fiber run up to its next sleep. */
export const settle = TestClock.adjust(0)
