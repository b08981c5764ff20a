/** Waits for Evolution to come back; one probe serves all waiting fibers. */
import { Context, Deferred, Effect, Layer, RcRef, Schedule } from "effect"
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

const probePolicy = Schedule.spaced("1 second").pipe(Schedule.jittered)

/**
 * The probe outlives its last waiting fiber by so much: an attempt to connect that lies between two waits
 * must not make it forget that Evolution was away.
 */
const linger = "5 seconds"

const make = Effect.gen(function* () {
  const { ping } = yield* EvolutionClient
  const isThere = Effect.isSuccess(ping)
  let returned = yield* Deferred.make<void>()
  const goneThenBack = isThere.pipe(
    Effect.repeat({ schedule: probePolicy, while: (there) => there }),
    Effect.zipRight(Effect.repeat(isThere, { schedule: probePolicy, until: (there) => there })),
    Effect.zipRight(Deferred.make<void>()),
    Effect.flatMap((next) => {
      const now = returned
      returned = next
      return Deferred.succeed(now, undefined)
    })
  )
  // The probe runs only while a fiber waits, and one serves all.
  const probe = yield* RcRef.make({
    acquire: Effect.forkScoped(Effect.forever(goneThenBack)),
    idleTimeToLive: linger
  })
  return Upstream.of({
    awaitReturn: RcRef.get(probe).pipe(
      Effect.zipRight(Effect.suspend(() => Deferred.await(returned))),
      Effect.scoped
    )
  })
})
