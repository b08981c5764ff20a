/** Everything that the log, the quarantine and the ledger have of an instance that is no more, erased. */
import { Clock, Effect } from "effect"
import type { InstanceName } from "../Domain/Instance.ts"
import { EventBus } from "../Log/EventBus.ts"
import { Ingest } from "../Log/Ingest.ts"
import { Purge } from "../Log/Purge.ts"

/** What its end made us write is on its way into the log for much less than this. */
const lull = "100 millis"

/** A name that somebody listens to again meanwhile has always more to erase. */
const maxRounds = 50

/** Gives how many rows there were. Until nothing more comes: what was heard last takes its time. */
export const make = Effect.gen(function* () {
  const purge = yield* Purge
  const ingest = yield* Ingest
  const bus = yield* EventBus

  return (name: InstanceName) =>
    Effect.gen(function* () {
      const begin = yield* Clock.currentTimeMillis
      let count = 0
      const round = Effect.gen(function* () {
        yield* Effect.sleep(lull)
        const isSettled = (yield* ingest.committedUntil) >= begin
        const { events, gaps, quarantine } = yield* purge.instance(name)
        count += events + gaps + quarantine
        return !isSettled || events + gaps + quarantine > 0
      })
      yield* Effect.repeat(round, { while: (more) => more, times: maxRounds })
      yield* bus.forget
      return count
    })
})
