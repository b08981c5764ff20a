/** Messages that are sent by hand, in the way of all deliveries. */
import { randomUUID } from "node:crypto"
import { Clock, Effect, Either } from "effect"
import type { Item } from "../../../Delivery/Sink.ts"
import { Sinks } from "../../../Delivery/Sinks.ts"
import { Standing } from "../../../Delivery/Standing.ts"
import type { Endpoint } from "../../../Domain/Endpoint.ts"
import { toLogged } from "../../../Domain/Event.ts"
import { Caller, holds, sees } from "../../../Domain/Key.ts"
import { EventStore } from "../../../Log/EventStore.ts"
import type { SentByHand } from "../../Api/Endpoints/Bodies.ts"
import { EventNotFound } from "../../Api.ts"

const send = (endpoint: Endpoint, id: string, item: Item) =>
  Effect.gen(function* () {
    const sinks = yield* Sinks
    const isAdmin = holds(yield* Caller, "admin")
    const began = yield* Clock.currentTimeMillis
    const outcome = yield* sinks.open(endpoint).pipe(
      Effect.flatMap((sink) =>
        sink.send({ id, item, previous: null, attempt: 1, isReplay: item._tag === "Event" })
      ),
      Effect.scoped,
      Effect.either
    )
    const tookMs = (yield* Clock.currentTimeMillis) - began
    const sent: SentByHand = Either.match(outcome, {
      onLeft: ({ address, excerpt, kind, message, status }) => ({
        messageId: id,
        outcome: kind,
        status: status ?? null,
        tookMs,
        message,
        excerpt: (isAdmin ? excerpt : null) ?? null,
        address: (isAdmin ? address : null) ?? null
      }),
      onRight: ({ status }) => ({
        messageId: id,
        outcome: "delivered",
        status: status ?? null,
        tookMs,
        message: null,
        excerpt: null,
        address: null
      })
    })
    return sent
  })

export const test = (endpoint: Endpoint) =>
  Effect.flatMap(Clock.currentTimeMillis, (at) =>
    send(endpoint, `test_${randomUUID()}`, { _tag: "Test", at })
  )

/** An endpoint gets no event outside its bounds, by nobody's hand. */
export const deliver = (endpoint: Endpoint, eventId: number) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const caller = yield* Caller
    const [found] = yield* store.read({ after: eventId - 1, until: eventId, limit: 1 })
    const may = [caller, { ...caller, ...endpoint.bounds }].every(
      (bounds) => found !== undefined && sees(bounds)(found.instance, found.server)
    )
    if (found === undefined || !may)
      return yield* new EventNotFound({
        message: `There is no event ${eventId} for this endpoint: see GET /events`
      })
    const { logId } = yield* Standing
    const id = `evt_${yield* logId}_${eventId}`
    return yield* send(endpoint, id, { _tag: "Event", event: toLogged(found) })
  })
