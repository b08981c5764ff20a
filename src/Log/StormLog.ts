/**
 * Logs one line a minute and instance about masses of events: a WhatsApp connection that flaps, a
 * history that is imported. Each event is in the log table; the line is for readers of the output.
 */
import { Effect, Layer, Option, Schedule, Schema } from "effect"
import * as Supervise from "../Concurrency/Supervise.ts"
import type { LoggedEvent } from "../Domain/Event.ts"
import { isLifeCycle } from "../Domain/LifeCycle.ts"
import { EventBus } from "./EventBus.ts"
import { eventName as repeated } from "./Ingest/Repeats.ts"

/** Events of one name within a minute that make a line; a phone has few life-cycle events a day. */
const many = { lifeCycle: 60, other: 1000 }

const every = "60 seconds"

/** Bound of the names counted in a minute, as names come from outside. */
const maxCounted = 4096

type Counts = Map<string, Map<string, number>>

const isMany = ([event, count]: readonly [string, number]): boolean =>
  count >= (isLifeCycle(event) ? many.lifeCycle : many.other)

/** Counts events by instance and name. */
const make = () => {
  let counts: Counts = new Map()
  let size = 0
  return {
    note: (logged: LoggedEvent): void => {
      const { instance } = logged
      const [event, more] = countOf(logged)
      const known = counts.get(instance)
      const count = known?.get(event)
      if (count === undefined && size++ >= maxCounted) return
      const names = known ?? new Map<string, number>()
      names.set(event, (count ?? 0) + more)
      if (known === undefined) counts.set(instance, names)
    },
    /** Takes the lines since the last call. */
    take: (): ReadonlyArray<readonly [instance: string, words: string]> => {
      const taken = [...counts].flatMap(([instance, names]) => {
        const storms = [...names].filter(isMany).sort(([, left], [, right]) => right - left)
        const words = storms.map(([event, count]) => `${event.slice(0, 64)} ×${count}`).join(", ")
        return storms.length === 0 ? [] : [[instance, `${words} in 60 s`] as const]
      })
      counts = new Map()
      size = 0
      return taken
    }
  }
}

/** The name to count, and how many: the log has one event for many that were repeated. */
const countOf = ({ event, json }: LoggedEvent): readonly [event: string, count: number] =>
  event === repeated
    ? [
        "connection.update",
        Option.getOrElse(decodeRepeated(String(json)), () => ({ count: 1 })).count
      ]
    : [event, 1]

const decodeRepeated = Schema.decodeOption(Schema.parseJson(Schema.Struct({ count: Schema.Int })))

/** Counts as long as the layer lives. */
export const layer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const bus = yield* EventBus
    const storms = make()
    yield* bus.watch({
      published: (events) => {
        // One process tells of an event.
        for (const event of events) if (bus.isOurs(event)) storms.note(event)
      },
      forgetting: () => {}
    })
    const tell = Effect.suspend(() =>
      Effect.forEach(
        storms.take(),
        ([instance, words]) =>
          Effect.annotateLogs(Effect.logInfo(`Many events: ${words}`), "instance", instance),
        { discard: true }
      )
    )
    yield* Supervise.loop("storm log", Effect.schedule(tell, Schedule.spaced(every)))
  })
)
