/** Purges rows older than `EVENT_RETENTION`, a little at a time. */
import { DateTime, Effect, Layer, Schedule } from "effect"
import * as AppConfig from "../AppConfig.ts"
import * as Supervise from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { matcherOf } from "../Domain/Key.ts"
import { GapLedger } from "../Listening/GapLedger.ts"
import { Ingest } from "../Log/Ingest.ts"
import { Purge, type Whose } from "../Log/Purge.ts"

/** A row may outlive its retention by this much. */
const passEvery = "10 minutes"

/** Purges as long as the layer lives; runs nothing where everything is kept for ever. */
export const layer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { general, overrides } = yield* AppConfig.eventRetention
    if ([general, ...overrides.map(({ keep }) => keep)].every((keep) => keep === null)) return
    const purge = yield* Purge
    const ledger = yield* GapLedger
    const ingest = yield* Ingest

    const keepOf = rulesOf(overrides)
    const isOverridden = (name: string) => keepOf(name) !== undefined

    const apply = (whose: Whose, keep: AppConfig.Keep) =>
      Effect.gen(function* () {
        if (keep === null) return 0
        const before = DateTime.subtractDuration(yield* DateTime.now, keep)
        const { events, gaps, lost, quarantine } = yield* purge.old(whose, before)
        for (const [instance, count] of lost) ledger.forgetUnrecovered(instance, count)
        return events + quarantine + gaps
      })

    const pass = Effect.gen(function* () {
      // Incoming events have the first claim on a database that is in trouble.
      if ((yield* ingest.degraded) !== null) return
      const names = yield* purge.names
      const all = { covers: (name: string) => !isOverridden(name), names }
      let count = yield* apply(all, general)
      for (const name of names.filter(isOverridden))
        count += yield* apply({ instance: name }, keepOf(name) ?? null)
      if (general !== null)
        count += yield* purge.audit(DateTime.subtractDuration(yield* DateTime.now, general))
      yield* purge.tidy
      if (count > 0)
        yield* Effect.logInfo(`Purged ${count} rows that EVENT_RETENTION keeps no longer`)
    }).pipe(
      Effect.catchAll((error) =>
        Effect.logWarning(`Cannot purge what is too old, trying again later: ${detailOf(error)}`)
      )
    )
    yield* Supervise.loop("retention", Effect.repeat(pass, Schedule.spaced(passEvery)))
  })
)

/** The retention of the first override that matches a name; `undefined`: none does. */
const rulesOf = (overrides: AppConfig.Retention["overrides"]) => {
  const rules = overrides.map(({ keep, pattern }) => [matcherOf([pattern]), keep] as const)
  return (name: string): AppConfig.Keep | undefined => rules.find(([matches]) => matches(name))?.[1]
}
