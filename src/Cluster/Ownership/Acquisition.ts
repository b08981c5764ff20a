/** From designation to tenure: asks the owner for the server, and takes it, released or not. */
import type { SqlError } from "@effect/sql"
import { type Cause, Duration, Effect, Option } from "effect"
import { monotonicOf } from "../../Domain/Clock.ts"
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

/** `None`: the designation left before the server was taken. */
export const acquire = (
  around: Around
): Effect.Effect<Option.Option<Tenure>, SqlError.SqlError | Cause.TimeoutException> => {
  const { me, server, standing, tenures, timing } = around
  const patience = Duration.toMillis(timing.takePatience)
  return Effect.gen(function* () {
    const now = monotonicOf(yield* Effect.clock)
    let begun = now()
    /** The last owner that was asked. */
    let asked: string | null = null
    for (;;) {
      const row = yield* standing.look
      if (!standing.isDesignated()) {
        yield* tenures.want(server, false)
        return Option.none()
      }
      if (row.owner !== asked && row.owner !== null) begun = now()
      const isDue = !standing.isOwnerAlive() || now() - begun >= patience
      if (isDue) {
        const epoch = yield* tenures.take(server, row.epoch)
        if (Option.isSome(epoch))
          return Option.some({
            server,
            epoch: epoch.value,
            owner: me,
            reason: reasonOf(row, me, asked)
          })
      } else {
        asked = row.owner
        yield* tenures.want(server, true)
        yield* Effect.raceFirst(Effect.sleep(timing.pollEvery), standing.whenNot)
      }
    }
  }).pipe(Effect.onInterrupt(() => Effect.ignore(tenures.want(server, false))))
}

const reasonOf = ({ owner }: Row, me: string, asked: string | null): TenureReason => {
  if (owner === me) return "restart"
  if (owner !== null) return "takeover"
  return asked === null ? "start" : "handover"
}
