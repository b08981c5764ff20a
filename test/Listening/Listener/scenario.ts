/** One listener over doubles that record its dials, its states and the events it passes to Ingest. */
import { Clock, DateTime, type Duration, Effect, Layer, Stream, TestClock } from "effect"
import type { EventOrigin, RawEvent } from "../../../src/Domain/Event.ts"
import type { KeyRefused, LicenseRequired } from "../../../src/Domain/EvolutionError.ts"
import type { GapCause } from "../../../src/Domain/Gap.ts"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { ConnectionLost, type LinkError } from "../../../src/Domain/LinkError.ts"
import type { ListenerState } from "../../../src/Domain/ListenerState.ts"
import type { EventSource } from "../../../src/Evolution/EventSource.ts"
import { Upstream } from "../../../src/Evolution/Upstream.ts"
import type { Report } from "../../../src/Listening/Listener/Keep.ts"
import * as Listener from "../../../src/Listening/Listener.ts"
import { Pacing } from "../../../src/Listening/Pacing.ts"
import { ingestOf, ledgerOf, recoveryOf, sourceOf, subscription } from "../../support/doubles.ts"

export const name = InstanceName.make("shop-1")

export const lost = ConnectionLost.of(1006, "")

export const event = (data: unknown, wireName = "messages.upsert"): RawEvent => ({
  name: wireName,
  payload: { event: wireName, instance: name, data },
  receivedAt: 0
})

type Open = (typeof EventSource.Service)["open"]

/** A dial that fails at once. */
export const fails =
  (error: LinkError): Open =>
  () =>
    Effect.fail(error)

/** A link that stays up for `duration`, then fails; without a duration it never fails. */
export const holds =
  (duration?: Duration.DurationInput, error: LinkError = lost): Open =>
  () =>
    Effect.succeed(
      subscription(
        duration === undefined
          ? Stream.never
          : Stream.execute(Effect.delay(Effect.fail(error), duration))
      )
    )

interface Doubles {
  /** One entry for each dial; the last entry serves all later dials. */
  readonly dials: ReadonlyArray<Open>
  /** Events that recovery passes to Ingest before it waits without end, as the real one does. */
  readonly snapshot?: (
    name: InstanceName
  ) => Effect.Effect<ReadonlyArray<RawEvent>, KeyRefused | LicenseRequired>
  readonly awaitReturn?: Effect.Effect<void>
}

export const listener = ({ awaitReturn, dials, snapshot }: Doubles) =>
  Effect.gen(function* () {
    const seen = {
      /** Times of its dials, in ms. */
      dialledAt: [] as number[],
      openScopes: 0,
      mostOpenScopes: 0,
      states: [] as ListenerState[],
      received: [] as (readonly [unknown, EventOrigin])[],
      /** Calls of the ledger, in order: `open` with start (ms) and cause, or `close`. */
      ledger: [] as (readonly [since: number, cause: GapCause] | "closed")[]
    }
    const open: Open = (instance, onRefused) =>
      Effect.gen(function* () {
        const dial = dials[Math.min(seen.dialledAt.length, dials.length - 1)]
        seen.dialledAt.push(yield* Clock.currentTimeMillis)
        seen.mostOpenScopes = Math.max(seen.mostOpenScopes, ++seen.openScopes)
        yield* Effect.addFinalizer(() => Effect.sync(() => seen.openScopes--))
        return yield* dial?.(instance, onRefused) ?? Effect.dieMessage("The test has no dial")
      })
    const doubles = Layer.mergeAll(
      sourceOf({ open }),
      ingestOf({
        receive: (events, origin) =>
          Effect.sync(() => {
            for (const event of events) seen.received.push([event.payload, origin])
          })
      }),
      recoveryOf({
        recover: (instance) =>
          Effect.flatMap(snapshot?.(instance) ?? Effect.succeed([]), (events) => {
            for (const event of events) seen.received.push([event.payload, "snapshot"])
            return Effect.never
          })
      }),
      ledgerOf({
        open: (_, from, cause) =>
          Effect.sync(() => {
            seen.ledger.push([from, cause])
          }),
        close: () =>
          Effect.sync(() => {
            seen.ledger.push("closed")
          })
      }),
      Layer.succeed(Upstream, { awaitReturn: awaitReturn ?? Effect.never })
    )
    const report: Report = (state) =>
      Effect.sync(() => {
        seen.states.push(state)
      })
    const fiber = yield* Effect.flatMap(Listener.make, (run) => run(name, report)).pipe(
      Effect.provide(Layer.provideMerge(Pacing.layer, doubles)),
      Effect.forkScoped
    )
    // The listener runs up to its first sleep.
    yield* TestClock.adjust(0)
    return Object.assign(seen, {
      fiber,
      tags: () => seen.states.map(({ _tag }) => _tag),
      state: () => seen.states.at(-1),
      /** Times between dials, in ms: the delays, if every link ends at once. */
      gaps: () => seen.dialledAt.slice(1).map((at, index) => at - (seen.dialledAt[index] ?? 0))
    })
  })

/** Time of the next dial as the state announces it, in ms; `NaN` without one. */
export const nextAttempt = (state: ListenerState | undefined): number =>
  state !== undefined && "nextAttempt" in state && state.nextAttempt !== null
    ? DateTime.toEpochMillis(state.nextAttempt)
    : Number.NaN

/** Matches a delay of `millis` ±20 %. */
export const about = (millis: number) => ({
  asymmetricMatch: (actual: unknown) =>
    typeof actual === "number" && actual >= millis * 0.8 - 0.01 && actual <= millis * 1.2 + 0.01,
  toString: () => `about ${millis}`
})
