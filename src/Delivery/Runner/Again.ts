/** One more attempt of an event that was put aside. */

import type { SqlError } from "@effect/sql"
import { Duration, Effect, Either, Random } from "effect"
import type { Settings } from "../../Domain/Endpoint.ts"
import { toLogged } from "../../Domain/Event.ts"
import type { EventStore } from "../../Log/EventStore.ts"
import type { AsideEvent } from "../Aside.ts"
import * as Policy from "../Feed/Policy.ts"
import type { Options } from "../Feed.ts"
import * as Outcome from "../Outcome.ts"
import type { FeedKey, Positions } from "../Positions.ts"
import type { Outgoing } from "../Sink.ts"

interface Around {
  readonly attempt: Options["attempt"]
  readonly key: FeedKey
  readonly log: string
  readonly now: () => number
  readonly positions: Pick<Positions["Type"], "save">
  readonly server: string
  readonly settings: Settings
  readonly store: Pick<EventStore["Type"], "read">
}

/** Ends when the outcome is saved. */
export const again = (
  { attempt, log, now, positions, server, settings, store, ...around }: Around,
  { attempts, event, feed, id, instance }: AsideEvent
): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function* () {
    const key = { ...around.key, feed }
    const number = attempts + 1
    const keep = (reason: string, delay: Duration.Duration | null) => {
      const at = now()
      const retryAt = delay === null ? null : at + Duration.toMillis(delay)
      return { instance, eventId: id, event, attempts: number, reason, at, retryAt }
    }
    const [record] = yield* store.read({ servers: [server], after: id - 1, until: id, limit: 1 })
    if (record === undefined)
      return yield* positions.save(key, {
        aside: keep("The log has it no more: it was purged", null)
      })
    const message: Outgoing = {
      id: `evt_${log}_${id}`,
      item: { _tag: "Event", event: toLogged(record) },
      previous: null,
      attempt: number,
      isReplay: false
    }
    // A lane of its own.
    yield* attempt(`#aside ${id}`, message, (attempted) =>
      Effect.gen(function* () {
        const row = Outcome.attemptRow(message.item, number, attempted)
        if (Either.isRight(attempted.result))
          yield* positions.save(key, { settled: id, attempt: row })
        else {
          const { left } = attempted.result
          const { delay } = Policy.next(
            { ...settings, order: "none" },
            left,
            number,
            yield* Random.next
          )
          yield* positions.save(key, {
            aside: keep(left.message, delay),
            attempt: row
          })
        }
        return true
      })
    )
  })
