/** Messages for the tests of sinks, and callers that repeat them. */
import { Effect } from "effect"
import type { DeliveryFailed, Outgoing, Sink } from "../../../src/Delivery/Sink.ts"
import type { LoggedEvent } from "../../../src/Domain/Event.ts"
import type { JsonText } from "../../../src/Domain/Json.ts"

export const receivedAt = Date.UTC(2026, 10, 30, 12)

export const outgoing = (
  id: number,
  {
    instance = "shop",
    text = `message ${id}`,
    ...event
  }: Partial<LoggedEvent> & { readonly text?: string } = {}
): Outgoing => ({
  id: `evt_log_${id}`,
  item: {
    _tag: "Event",
    event: {
      id,
      server: "default",
      instance,
      event: "messages.upsert",
      // It is JSON text, as it was made by `JSON.stringify`.
      json: JSON.stringify({ text }) as JsonText,
      extra: null,
      lifeCycle: null,
      upstreamTime: null,
      receivedAt,
      origin: "live",
      ...event
    }
  },
  previous: id === 1 ? null : id - 1,
  attempt: 1,
  isReplay: false
})

/** Repeats a message until it is confirmed, as a lane does; gives the number of attempts. */
export const untilConfirmed = (sink: Sink, message: Outgoing): Effect.Effect<number> =>
  Effect.suspend(() => sink.send(message)).pipe(
    Effect.as(message.attempt),
    Effect.catchAll(() =>
      Effect.delay(
        Effect.suspend(() => untilConfirmed(sink, { ...message, attempt: message.attempt + 1 })),
        "50 millis"
      )
    )
  )

export const failureOf = (sink: Sink, message: Outgoing): Effect.Effect<DeliveryFailed, unknown> =>
  Effect.flip(sink.send(message))
