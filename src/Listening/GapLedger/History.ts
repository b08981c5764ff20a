/** Imports what Evolution stored before an instance was listened to for the first time: `IMPORT_ON_START`. */
import { randomUUID } from "node:crypto"
import { DateTime, type Duration, Effect, Option } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import * as Gap from "../../Domain/Gap.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { InstanceStore } from "../../Log/InstanceStore.ts"
import * as Changes from "./Changes.ts"

/** Looks before the link is opened: the first event may come with it. The inner effect is for the time after. */
export const make = (ledger: Changes.Ledger) =>
  Effect.gen(function* () {
    const stretch = yield* AppConfig.importOnStart
    const instances = yield* InstanceStore
    return (instance: InstanceName): Effect.Effect<Effect.Effect<void>> =>
      Effect.sync(() =>
        Option.isSome(stretch) && instances.lastEvent(instance) === null
          ? begin(ledger, instance, stretch.value)
          : Effect.void
      )
  })

const begin = (ledger: Changes.Ledger, instance: InstanceName, stretch: Duration.Duration) =>
  Effect.flatMap(DateTime.now, (to) =>
    ledger.entries.hasImport(instance)
      ? Effect.void
      : Changes.put(
          ledger,
          Gap.imported({
            id: randomUUID(),
            instance,
            from: DateTime.subtractDuration(to, stretch),
            to,
            limit: null
          })
        )
  )
