/** Waits for Evolution to come back; one probe serves all waiting fibers. */
import { Context, Effect, Fiber, Layer, RcRef, Schedule } from "effect"
import { EvolutionClient } from "./EvolutionClient.ts"

export class Upstream extends Context.Tag("evolution-listener/Upstream")<
  Upstream,
  {
    /**
     * Succeeds when Evolution answers again after it did not. Waits for ever while Evolution answers all
     * along: race it against a delay.
     */
    readonly awaitReturn: Effect.Effect<void>
  }
>() {
  static readonly layer = Layer.scoped(
    Upstream,
    Effect.suspend(() => make)
  )
}

/** The probe runs only while a fiber waits. */
const probePolicy = Schedule.spaced("1 second").pipe(Schedule.jittered)

const make = Effect.gen(function* () {
  const { ping } = yield* EvolutionClient
  const isThere = Effect.isSuccess(ping)
  const goneThenBack = isThere.pipe(
    Effect.repeat({ schedule: probePolicy, while: (there) => there }),
    Effect.zipRight(Effect.repeat(isThere, { schedule: probePolicy, until: (there) => there })),
    Effect.asVoid
  )
  // The first waiting fiber starts the probe, the last one stops it.
  const probe = yield* RcRef.make({ acquire: Effect.forkScoped(goneThenBack) })
  return Upstream.of({
    awaitReturn: Effect.scoped(Effect.flatMap(RcRef.get(probe), Fiber.join))
  })
})
