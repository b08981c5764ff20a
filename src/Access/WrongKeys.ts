/**
 * Counts wrong keys by the address that sent them. Where several processes share the database, each knows of the
 * counts of the others within a second; right keys do not wait for that. A process alone counts in memory.
 */
import { Context, Duration, Effect, Layer } from "effect"
import { monotonicOf } from "../Domain/Clock.ts"
import { Notices } from "../Storage/Notices.ts"
import { ApiKey } from "./ApiKey.ts"
import * as Counts from "./WrongKeys/Counts.ts"
import * as Shared from "./WrongKeys/Shared.ts"

export class WrongKeys extends Context.Tag("evolution-listener/WrongKeys")<
  WrongKeys,
  {
    /** Counts more wrong keys of an address, or none. Gives all of its window, a minute that the first one began. */
    readonly count: (address: string, more: number) => Effect.Effect<Counts.Counted>
  }
>() {
  /** A process alone. */
  static readonly layerAlone: Layer.Layer<WrongKeys> = Layer.effect(
    WrongKeys,
    Effect.map(Effect.clock, (clock) => {
      const counts = Counts.make(window, monotonicOf(clock))
      return { count: (address, more) => Effect.sync(() => counts.count(address, more)) }
    })
  )

  static readonly layer = Layer.unwrapEffect(
    Effect.map(Notices, ({ isShared }) =>
      isShared
        ? Layer.scoped(WrongKeys, Shared.make(window)).pipe(Layer.provide(ApiKey.layer))
        : WrongKeys.layerAlone
    )
  )
}

/** Wrong keys are counted for so long. */
export const window = Duration.minutes(1)
