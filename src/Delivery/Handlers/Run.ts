/** A durable handler at work in one server: from its cursor on, one event at a time, until its scope closes. */
import type { SqlError } from "@effect/sql"
import { Cause, Duration, Effect, Schedule, Stream } from "effect"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import type { LoggedEvent } from "../../Domain/Event.ts"
import type { Fence } from "../../Domain/Tenure.ts"
import type { EventBus } from "../../Log/EventBus.ts"
import { persistently } from "../../Storage/Failure.ts"
import type { Cursors, Place } from "./Cursors.ts"

/** Events that were purged before a handler got them: with cursors after `after`, up to `until`. */
export interface Missed {
  readonly server: string
  readonly after: number
  readonly until: number
}

export interface Durable {
  readonly name: string
  readonly events: ReadonlySet<string>
  readonly handle: (event: LoggedEvent) => Effect.Effect<unknown, unknown>
  readonly missed: (missed: Missed) => Effect.Effect<unknown, unknown>
}

/** After a failure the event is tried again until the handler succeeds with it; the next event waits. */
export const retryPolicy = Schedule.exponential("1 second", 2).pipe(
  Schedule.modifyDelay((_, delay) => Duration.min(delay, "5 minutes")),
  Schedule.jittered
)

/** Events of other names move the cursor, too, but one statement does for all of so long a time. */
export const passedOverEvery = "5 seconds"

interface Around {
  readonly server: string
  readonly bus: EventBus["Type"]
  readonly cursors: Cursors
  readonly fence: Fence
}

const persisting = <A>(title: string, statement: Effect.Effect<A, SqlError.SqlError>) =>
  statement.pipe(
    Effect.tapError((error) =>
      Effect.logWarning(`Cannot keep the cursor of the ${title}, trying again: ${detailOf(error)}`)
    ),
    persistently
  )

const seconds = (delay: Duration.Duration): string => `${Duration.toSeconds(delay).toFixed(1)} s`

/** Succeeds once the effect has. `what`: the words between "failed" and the time of the next attempt. */
const untilDone = (title: string, what: string, effect: () => Effect.Effect<unknown, unknown>) =>
  Effect.suspend(() => {
    let cause: Cause.Cause<unknown> = Cause.empty
    return Effect.suspend(effect).pipe(
      Effect.sandbox,
      Effect.tapError((failure) =>
        Effect.sync(() => {
          cause = failure
        })
      ),
      Effect.retry(
        Schedule.modifyDelayEffect(retryPolicy, (_, delay) =>
          Effect.as(
            Effect.logError(
              `The ${title} failed ${what}, trying again in ${seconds(Duration.decode(delay))}`,
              cause
            ),
            delay
          )
        )
      ),
      Effect.orDie // the schedule has no end
    )
  })

export const titleOf = ({ name }: Pick<Durable, "name">): string => `durable handler "${name}"`

export const run = (durable: Durable, { bus, cursors, fence, server }: Around) =>
  Effect.gen(function* () {
    const { events, name } = durable
    const title = titleOf(durable)
    /** The next owner goes on from the cursor; the scope of this run closes soon. */
    const leave = Effect.zipRight(fence.fall, Effect.never)

    const begun = yield* persisting(
      title,
      Effect.flatMap(bus.newest, (now) => cursors.begin(name, now))
    )
    if (begun === undefined) return yield* leave
    let [place, written]: [Place, Place] = [begun, begun]

    const write = Effect.suspend(() => {
      if (place.cursor === written.cursor && place.missedUntil === written.missedUntil)
        return Effect.void
      const next = place
      return Effect.flatMap(persisting(title, cursors.move(name, next)), (isOwner) => {
        written = next
        return isOwner ? Effect.void : leave
      })
    })

    const take = (event: LoggedEvent) => {
      if (event.server !== server) return Effect.void
      const isWanted = events.has(event.event)
      const moved = Effect.sync(() => {
        place = { ...place, cursor: event.id }
      })
      return isWanted
        ? untilDone(title, `on event ${event.id}`, () => durable.handle(event)).pipe(
            Effect.annotateLogs("instance", event.instance),
            Effect.zipRight(moved),
            Effect.zipRight(write)
          )
        : moved
    }

    const missed = (until: number) =>
      Effect.suspend(() => {
        if (until <= place.missedUntil) return Effect.void
        const from = place.cursor
        return Effect.logWarning(
          `The ${title} was not called for some events after ${from}, up to ${until}: they were purged before`
        ).pipe(
          Effect.zipRight(
            untilDone(title, `to take note of purged events up to ${until}`, () =>
              durable.missed({ server, after: from, until })
            )
          ),
          Effect.zipRight(
            Effect.sync(() => {
              place = { ...place, missedUntil: until }
            })
          ),
          Effect.zipRight(write)
        )
      })

    const wants = (_: string, of: string) => of === server
    const purged = bus.purgedUntil(wants)
    if (purged > begun.cursor) yield* missed(purged)
    const follow = bus
      .after(begun.cursor, {
        wants,
        query: { events: [...events], servers: [server] },
        missed
      })
      .pipe(Stream.runForEach(take))
    yield* Effect.all(
      [follow, Effect.repeat(Effect.delay(write, passedOverEvery), Schedule.forever)],
      {
        concurrency: "unbounded",
        discard: true
      }
    )
  })
