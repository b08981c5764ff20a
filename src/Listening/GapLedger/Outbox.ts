/** Changes of the ledger on their way into the log: the latest of each gap, until it is committed. */
import { Clock, Effect, Schema } from "effect"
import { type EvolutionEvent, ofOurs } from "../../Domain/Event.ts"
import * as Gap from "../../Domain/Gap.ts"
import type { Ingest } from "../../Log/Ingest.ts"
import { Secrets } from "../../Telemetry/Secrets.ts"

/** The event that tells of each change of an entry. */
export const eventName = "gap.updated"

export interface Outbox {
  readonly put: (gap: Gap.Gap) => Effect.Effect<void>
  /** Every change is committed. */
  readonly isEmpty: () => boolean
  /** Hands each change to Ingest once, and waits until these are committed. */
  readonly flush: Effect.Effect<void>
  /** Flushes after every change; never ends. */
  readonly run: Effect.Effect<never>
}

export const make = ({ appendOwn }: Ingest["Type"]): Outbox => {
  const changed = new Map<string, Gap.Gap>()
  /** Changes that Ingest has taken; an interrupted flush does not hand them over again. */
  const handedOver = new Set<Gap.Gap>()
  const hasChanged = Effect.unsafeMakeLatch()

  const flush = Effect.gen(function* () {
    const gaps = [...changed.values()].filter((gap) => !handedOver.has(gap))
    if (gaps.length === 0) return
    const { committed } = yield* appendOwn(yield* Effect.forEach(gaps, toEvent))
    for (const gap of gaps) handedOver.add(gap)
    yield* committed
    for (const gap of gaps) {
      handedOver.delete(gap)
      if (changed.get(gap.id) === gap) changed.delete(gap.id)
    }
  })

  return {
    put: (gap) =>
      Effect.suspend(() => {
        changed.set(gap.id, gap)
        return Effect.asVoid(hasChanged.open)
      }),
    isEmpty: () => changed.size === 0,
    flush,
    run: Effect.suspend(() => {
      hasChanged.unsafeClose()
      return Effect.zipRight(flush, hasChanged.await)
    }).pipe(Effect.forever)
  }
}

const toEvent = (gap: Gap.Gap): Effect.Effect<EvolutionEvent> =>
  Effect.zipWith(Clock.currentTimeMillis, Secrets, (receivedAt, { scrub }) =>
    ofOurs({ instance: gap.instance, event: eventName, data: encode(gap), gap, receivedAt }, scrub)
  )

const encode = Schema.encodeSync(Gap.Gap)
