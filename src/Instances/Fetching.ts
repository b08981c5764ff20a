/** Commands that fetch messages from Evolution's database: again for a gap, or of a time before. */
import { randomUUID } from "node:crypto"
import { DateTime, Effect, Option } from "effect"
import { InstanceNotFound } from "../Domain/EvolutionError.ts"
import * as Gap from "../Domain/Gap.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import { GapLedger } from "../Listening/GapLedger.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { Recovery } from "../Listening/Recovery.ts"
import { GapStore } from "../Log/GapStore.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"

/** Messages of a time before; `null`: until now, and as many as `BACKFILL_LIMIT`. */
interface Wanted {
  readonly from: DateTime.Utc
  readonly to: DateTime.Utc | null
  readonly limit: number | null
}

export const make = Effect.gen(function* () {
  const store = yield* InstanceStore
  const registry = yield* ListenerRegistry
  const ledger = yield* GapLedger
  const gapStore = yield* GapStore
  const recovery = yield* Recovery
  const find = (name: InstanceName) =>
    store.get(name) === undefined ? InstanceNotFound.of(name) : Effect.void

  return {
    retryGap: (name: InstanceName, id: string) =>
      Effect.gen(function* () {
        yield* find(name)
        const found = yield* gapStore.find(name, id)
        if (Option.isNone(found) || Gap.isOpen(found.value)) return found
        const { _tag } = yield* registry.status(name)
        yield* ledger.retry(found.value)
        if (_tag === "Listening") yield* recovery.wake(name)
        return Option.some<Gap.Gap>(Gap.again(found.value))
      }),
    import: (name: InstanceName, { from, limit, to }: Wanted) =>
      Effect.gen(function* () {
        yield* find(name)
        const { _tag } = yield* registry.status(name)
        const now = yield* DateTime.now
        const end = DateTime.min(to ?? now, now)
        const entry = Gap.imported({
          id: randomUUID(),
          instance: name,
          from: DateTime.min(from, end),
          to: end,
          limit
        })
        if (!(yield* ledger.importing(entry))) return Option.none<Gap.Gap>()
        if (_tag === "Listening") yield* recovery.wake(name)
        return Option.some<Gap.Gap>(entry)
      })
  }
})
