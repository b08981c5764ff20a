/** Tells everybody who waits for Evolution that it is back, by one small question for all of them. */
import { Context, Effect, Fiber, Layer, RcRef, Schedule } from "effect"
import { EvolutionClient } from "./EvolutionClient.ts"

export class Upstream extends Context.Tag("evolution-listener/Upstream")<
  Upstream,
  {
    /**
     * Succeeds when Evolution, not answering before, answers again. Where it answered all along
     * (the fault is another) this waits for ever: race it against the schedule's own delay.
     */
    readonly awaitReturn: Effect.Effect<void>
  }
>() {
  static readonly layer = Layer.scoped(
    Upstream,
    Effect.suspend(() => make)
  )
}

/** Asked only while somebody waits. */
const probePolicy = Schedule.spaced("1 second").pipe(Schedule.jittered)

const make = Effect.gen(function* () {
  const { ping } = yield* EvolutionClient
  const isThere = Effect.isSuccess(ping)
  const goneThenBack = isThere.pipe(
    Effect.repeat({ schedule: probePolicy, while: (there) => there }),
    Effect.zipRight(Effect.repeat(isThere, { schedule: probePolicy, until: (there) => there })),
    Effect.asVoid
  )
  // However many wait, one asks: the first to come starts it, the last to leave stops it.
  const probe = yield* RcRef.make({ acquire: Effect.forkScoped(goneThenBack) })
  return Upstream.of({
    awaitReturn: Effect.scoped(Effect.flatMap(RcRef.get(probe), Fiber.join))
  })
})
