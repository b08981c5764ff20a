/** From designation to tenure: asks the owner for the server, and takes it, released or not. */
import { Duration, Effect, Option } from "effect"
import { monotonicOf } from "../../Domain/Clock.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import type { Tenure, TenureReason } from "../../Domain/Tenure.ts"
import type { Standing } from "./Standing.ts"
import type { Row, Tenures } from "./Tenures.ts"
import type { Timing } from "./Timing.ts"

interface Around {
  readonly server: string
  readonly me: string
  readonly tenures: Tenures
  readonly standing: Standing
  readonly timing: Timing
}

/**
 * `None`: the designation left before the server was taken. A statement that fails is tried again: the owner may
 * have released the server by then.
 */
export const acquire = (around: Around): Effect.Effect<Option.Option<Tenure>> => {
  const { me, server, standing, tenures, timing } = around
  const patience = Duration.toMillis(timing.takePatience)
  const unwant = Effect.ignore(tenures.want(server, false))
  return Effect.gen(function* () {
    const now = monotonicOf(yield* Effect.clock)
    let begun = now()
    /** The last owner that was asked. */
    let asked: string | null = null
    const attempt = Effect.gen(function* () {
      const row = yield* standing.look
      if (!standing.isDesignated()) return Option.none()
      if (row.owner !== asked && row.owner !== null) begun = now()
      if (standing.isOwnerAlive() && now() - begun < patience) {
        asked = row.owner
        yield* tenures.want(server, true)
        return Option.none()
      }
      const epoch = yield* tenures.take(server, row.epoch)
      const reason = reasonOf(row, me, asked)
      return Option.map(epoch, (epoch): Tenure => ({ server, epoch, owner: me, reason }))
    }).pipe(
      Effect.catchAll((error) =>
        Effect.as(Effect.logDebug(`Cannot take the server yet: ${detailOf(error)}`), Option.none())
      )
    )
    for (;;) {
      const taken = yield* attempt
      if (Option.isSome(taken)) return taken
      if (!standing.isDesignated()) return Option.none()
      yield* Effect.raceFirst(Effect.sleep(timing.pollEvery), standing.whenNot)
    }
  }).pipe(
    Effect.tap((taken) => (Option.isNone(taken) ? unwant : Effect.void)),
    Effect.onInterrupt(() => unwant)
  )
}

const reasonOf = ({ owner }: Row, me: string, asked: string | null): TenureReason => {
  if (owner === me) return "restart"
  if (owner !== null) return "takeover"
  return asked === null ? "start" : "handover"
}
