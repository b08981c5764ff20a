/** An event bus without a log, and its events as Ingest decodes them. */
import { Effect, Either, Layer } from "effect"
import { decode, type EventOrigin, type LoggedEvent } from "../../src/Domain/Event.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"
import { EventBus, make } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { storeOf } from "./doubles.ts"

const store = storeOf({ read: () => Effect.succeed([]), lastId: Effect.succeed(0) })

/** A bus and a function that publishes events decoded from Evolution's payloads. */
export const makeBus = Effect.gen(function* () {
  const bus = yield* Effect.provideService(make(16), EventStore, store)
  let last = 0
  const logged = (event: string, data: unknown): LoggedEvent => {
    const raw = { name: event, payload: { event, instance: "shop", data }, receivedAt: 7 }
    return {
      ...Either.getOrThrow(decode(raw, "live", Scrub.unconfigured)),
      id: ++last,
      server: "default"
    }
  }
  return {
    bus,
    layer: Layer.succeed(EventBus, bus),
    /** One event of an origin. */
    publishAs: (origin: EventOrigin, event: string, data: unknown) =>
      Effect.suspend(() => bus.publish([{ ...logged(event, data), origin }])),
    publish: (event: string, ...data: ReadonlyArray<unknown>) =>
      Effect.suspend(() => bus.publish(data.map((one) => logged(event, one))))
  }
})
