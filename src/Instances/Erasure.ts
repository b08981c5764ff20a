/** Erases everything that the log, the quarantine and the ledger have of a deleted instance. */
import { Effect } from "effect"
import type { InstanceName } from "../Domain/Instance.ts"
import { EventBus } from "../Log/EventBus.ts"
import { Ingest } from "../Log/Ingest.ts"
import { Purge } from "../Log/Purge.ts"

/** The last events of an instance, and ours about its end, reach ingest in much less than this. */
const lull = "100 millis"

/** An instance that is created again meanwhile has always more to erase. */
const maxRounds = 50

/** Makes a function that erases until nothing is left, and returns the number of rows. */
export const make = Effect.gen(function* () {
  const purge = yield* Purge
  const ingest = yield* Ingest
  const bus = yield* EventBus

  return (name: InstanceName) =>
    Effect.gen(function* () {
      let count = 0
      const round = Effect.gen(function* () {
        yield* Effect.sleep(lull)
        yield* ingest.flush
        const { events, gaps, quarantine } = yield* purge.instance(name)
        count += events + gaps + quarantine
        return events + gaps + quarantine > 0
      })
      yield* Effect.repeat(round, { while: (more) => more, times: maxRounds })
      yield* bus.forget
      return count
    })
})
