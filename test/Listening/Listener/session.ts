/** One listener over doubles, with a record of its gaps. */
import { Clock, DateTime, Effect, Layer, Mailbox, TestClock } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import type * as Gap from "../../../src/Domain/Gap.ts"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { ConnectionLost, type LinkError } from "../../../src/Domain/LinkError.ts"
import type { ListenerState } from "../../../src/Domain/ListenerState.ts"
import type { EventSource } from "../../../src/Evolution/EventSource.ts"
import type { Heard } from "../../../src/Evolution/Wire/Hearing.ts"
import type { Report } from "../../../src/Listening/Listener/Keep.ts"
import * as Listener from "../../../src/Listening/Listener.ts"
import { type Pace, Pacing } from "../../../src/Listening/Pacing.ts"
import type { Recovery } from "../../../src/Listening/Recovery.ts"
import type { Ingest } from "../../../src/Log/Ingest.ts"
import { ingestOf, ledgerOf, recoveryOf, sourceOf, subscription } from "../../support/doubles.ts"

export const name = InstanceName.make("shop-1")
export const lost = ConnectionLost.of(1006, "")

/** A gap in the ledger: start and end in ms, and cause; no end while it is open. */
export interface Entry {
  readonly from: number
  readonly cause: Gap.GapCause
  to: number | undefined
}

/** Runs before a link is up: it may report a refusal, take time, or fail. */
export type Dial = (
  onRefused: (error: LinkError) => Effect.Effect<void>
) => Effect.Effect<void, LinkError>

/** Waits one second after each failure. */
export const everySecond: Pace = {
  wait: (_, tell) =>
    Effect.gen(function* () {
      const nextAttempt = DateTime.addDuration(yield* DateTime.now, "1 second")
      yield* tell({ nextAttempt, userAction: undefined, isFlapping: false })
      yield* Effect.sleep("1 second")
    }),
  up: Effect.void
}

export const pacingOf = (pace: Pace): Pacing["Type"] => ({ pace: Effect.succeed(pace) })

/** Starts a listener at 100 000 ms; it dials by `dial` and then receives what a test offers on `link`. */
export const started = (
  doubles: {
    readonly dial?: Dial
    readonly recover?: Recovery["Type"]["recover"]
    /** Events that recovery passes to Ingest before it waits without end, as the real one does. */
    readonly snapshot?: Effect.Effect<ReadonlyArray<RawEvent>>
    readonly ingest?: Partial<typeof Ingest.Service>
  } = {}
) =>
  Effect.gen(function* () {
    const world = {
      dial: doubles.dial ?? (() => Effect.void),
      heard: { until: 0, isHeldBack: false } as Heard,
      link: yield* Mailbox.make<RawEvent, LinkError>(),
      ledger: [] as Array<Entry>,
      /** Events passed to Ingest and closed gaps, in order. */
      done: [] as Array<string>,
      states: [] as Array<ListenerState>
    }
    const open: (typeof EventSource.Service)["open"] = (_, onRefused) =>
      Effect.gen(function* () {
        yield* world.dial(onRefused)
        world.link = yield* Mailbox.make<RawEvent, LinkError>()
        return {
          ...subscription(Mailbox.toStream(world.link)),
          heard: Effect.sync(() => world.heard)
        }
      })
    const handOn = () =>
      Effect.flatMap(doubles.snapshot ?? Effect.succeed([]), (events) => {
        for (const event of events) world.done.push(`snapshot ${event.payload}`)
        return Effect.never
      })
    const layer = Layer.mergeAll(
      sourceOf({ open }),
      ingestOf({
        receive: (events, origin) =>
          Effect.sync(() => {
            for (const event of events) world.done.push(`${origin} ${event.payload}`)
          }),
        ...doubles.ingest
      }),
      ledgerOf({
        // As in the real ledger, an open gap stays unchanged.
        open: (_, from, cause) =>
          Effect.sync(() => {
            const last = world.ledger.at(-1)
            if (last !== undefined && last.to === undefined) return
            world.ledger.push({ from, cause, to: undefined })
          }),
        close: () =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            world.done.push("hears again")
            const last = world.ledger.at(-1)
            if (last !== undefined) last.to ??= now
          })
      }),
      recoveryOf({ recover: doubles.recover ?? handOn }),
      Layer.succeed(Pacing, pacingOf(everySecond))
    )
    yield* TestClock.setTime(100_000)
    const report: Report = (state) =>
      Effect.sync(() => {
        world.states.push(state)
      })
    const fiber = yield* Effect.flatMap(Listener.make, (run) => run(name, report)).pipe(
      Effect.provide(layer),
      Effect.forkScoped
    )
    yield* TestClock.adjust(0)
    return Object.assign(world, { fiber })
  })

export const event = (payload: string, receivedAt = 0): RawEvent => ({
  name: "call",
  payload,
  receivedAt
})

/** Fails the first `times` dials, each after `after` ms. */
export const failing = (error: LinkError, times: number, after = 0): Dial => {
  let left = times
  return () =>
    Effect.suspend(() => (left-- > 0 ? Effect.delay(Effect.fail(error), after) : Effect.void))
}

/** Lets every fiber run up to its next sleep. */
export const settle = TestClock.adjust(0)
