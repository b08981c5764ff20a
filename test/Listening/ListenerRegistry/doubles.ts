/** The real registry over doubles: an event source that a test controls, and a store in memory. */
import { SqlError } from "@effect/sql"
import { Clock, Context, DateTime, Effect, Layer, Mailbox, Stream, TestClock } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import type { GapCause } from "../../../src/Domain/Gap.ts"
import {
  type Desired,
  InstanceName,
  type InstanceRecord,
  nothingObserved
} from "../../../src/Domain/Instance.ts"
import { ConnectionLost, type LinkError } from "../../../src/Domain/LinkError.ts"
import { Upstream } from "../../../src/Evolution/Upstream.ts"
import { ListenerRegistry, type StateChange } from "../../../src/Listening/ListenerRegistry.ts"
import { Pacing } from "../../../src/Listening/Pacing.ts"
import {
  ingestOf,
  instancesOf,
  ledgerOf,
  recoveryOf,
  sourceOf,
  subscription
} from "../../support/doubles.ts"

export const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]
export const lost = ConnectionLost.of(1006, "")

export const service = Effect.gen(function* () {
  /** Times of the dials, in ms. */
  const dials: Array<number> = []
  const renewals: Array<string> = []
  const reported: Array<StateChange> = []
  const ledger: Array<{ from: number; cause: GapCause; to: number | undefined }> = []
  const links = new Map<string, Mailbox.Mailbox<RawEvent, LinkError>>()
  const records = new Map<string, InstanceRecord>()
  const sources = {
    openLinks: 0,
    onOpen: (): Effect.Effect<void, LinkError> => Effect.void,
    renew: (): Effect.Effect<void, LinkError> => Effect.void,
    lose: (name: string) => links.get(name)?.fail(lost) ?? Effect.dieMessage("Nobody listens")
  }
  const store = {
    isAway: false,
    writing: (_: InstanceName): Effect.Effect<void> => Effect.void,
    desired: new Map<string, Desired>()
  }

  const source = sourceOf({
    open: (name) =>
      Effect.gen(function* () {
        dials.push(yield* Clock.currentTimeMillis)
        yield* Effect.suspend(sources.onOpen)
        const link = yield* Effect.acquireRelease(Mailbox.make<RawEvent, LinkError>(), () =>
          Effect.sync(() => sources.openLinks--)
        )
        sources.openLinks++
        links.set(name, link)
        return subscription(Mailbox.toStream(link))
      }),
    renew: (name) =>
      Effect.suspend(() => {
        renewals.push(name)
        return sources.renew()
      }),
    quiesce: Effect.suspend(() => Effect.forEach(links.values(), (link) => link.end))
  })
  const instances = instancesOf({
    get: (name) => records.get(name),
    desire: (name, desired) =>
      Effect.gen(function* () {
        yield* store.writing(name)
        if (store.isAway) return yield* new SqlError.SqlError({ cause: new Error("away") })
        store.desired.set(name, desired)
        const record = { ...nothingObserved, name, desired, desiredAt: yield* DateTime.now }
        records.set(name, record)
        return record
      })
  })
  const gaps = ledgerOf({
    // As in the real ledger, an open gap stays unchanged.
    open: (_, from, cause) =>
      Effect.sync(() => {
        const last = ledger.at(-1)
        if (last === undefined || last.to !== undefined) ledger.push({ from, cause, to: undefined })
      }),
    close: () =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const last = ledger.at(-1)
        if (last !== undefined) last.to ??= now
      })
  })
  const rest = Layer.mergeAll(
    ingestOf({}),
    recoveryOf(),
    Pacing.layer.pipe(
      Layer.provide(source),
      Layer.provide(Layer.succeed(Upstream, { awaitReturn: Effect.never }))
    )
  )
  const context = yield* Layer.build(
    ListenerRegistry.layer.pipe(Layer.provide(Layer.mergeAll(source, instances, gaps, rest)))
  )
  const registry = Context.get(context, ListenerRegistry)
  yield* registry.changes.pipe(
    Stream.runForEach((change) => Effect.sync(() => reported.push(change))),
    Effect.forkScoped
  )
  yield* TestClock.adjust(0)
  return { dials, ledger, registry, renewals, reported, sources, store }
})

/** The service with one listener on its link. */
export const listening = Effect.tap(service, ({ registry }) =>
  Effect.zipRight(registry.start(one), TestClock.adjust("20 seconds"))
)
