/** A service that streams, over a log in memory. */
import { Effect, Layer, Mailbox } from "effect"
import type { EventRecord } from "../../src/Domain/Event.ts"
import { Servers } from "../../src/Instances/Servers.ts"
import { ListenerRegistry, type StateChange } from "../../src/Listening/ListenerRegistry.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { Ingest } from "../../src/Log/Ingest.ts"
import { logged, makeLog, range, record } from "../Log/EventBus/MemoryLog.ts"
import { jsonText } from "../support/jsonText.ts"
import type { Frame } from "./EventStreamReader.ts"
import { house, serve } from "./Service.ts"

export const records = (from: number, to: number) => range(from, to).map((id) => record(id))

/** A service over a log with these events; `capacity` of them stay in memory. `around` acts when it is read. */
export const serving = (
  there: ReadonlyArray<EventRecord>,
  capacity = 4096,
  around: Effect.Effect<void> = Effect.void,
  more: Partial<EventBus["Type"]> = {}
) =>
  Effect.gen(function* () {
    const { log, make, publish, store } = makeLog([], around)
    log.records.push(...there)
    const bus = { ...(yield* make(capacity)), ...more }
    const changes = yield* Mailbox.make<StateChange>()
    const { call, url } = yield* serve(
      Layer.provideMerge(
        Layer.fresh(Servers.layer),
        Layer.mergeAll(
          house(),
          Layer.succeed(EventBus, bus),
          Layer.succeed(EventStore, store),
          Layer.mock(Ingest, {}),
          Layer.mock(ListenerRegistry, { changes: Mailbox.toStream(changes) })
        )
      )
    )
    return {
      bus,
      call,
      changes,
      log,
      url,
      publish: (ids: ReadonlyArray<number>) => publish(bus, ids),
      publishText: (id: number, text: string) =>
        Effect.suspend(() => {
          log.records.push(record(id, { data: { text } }))
          return bus.publish([{ ...logged(id), json: jsonText(JSON.stringify({ text })) }])
        })
    }
  })

/** The cursors of the events among the frames. */
export const idsOf = (frames: ReadonlyArray<Frame>) =>
  frames.flatMap(({ data, event, id }) => (event === "" && data !== undefined ? [id] : []))
