/** Doubles that several suites use; a call that a test did not expect is a defect. */
import {
  Array as Arr,
  Chunk,
  Clock,
  Context,
  DateTime,
  Deferred,
  Duration,
  Effect,
  FiberId,
  Layer,
  Option,
  Stream
} from "effect"
import { Ownership } from "../../src/Cluster/Ownership.ts"
import { Endpoints } from "../../src/Delivery/Endpoints.ts"
import { Replays } from "../../src/Delivery/Replays.ts"
import { Sinks } from "../../src/Delivery/Sinks.ts"
import { Standing } from "../../src/Delivery/Standing.ts"
import { Traffic } from "../../src/Delivery/Traffic.ts"
import type { RawEvent } from "../../src/Domain/Event.ts"
import type { LinkError } from "../../src/Domain/LinkError.ts"
import { defaultServer } from "../../src/Domain/Server.ts"
import { unproven } from "../../src/Domain/Summary.ts"
import { EventSource, type Subscription } from "../../src/Evolution/EventSource.ts"
import { type Owned, of, ours, Servers } from "../../src/Instances/Servers.ts"
import { Clocks, type Offsets } from "../../src/Listening/Clocks.ts"
import { Discovery } from "../../src/Listening/Discovery.ts"
import { GapLedger } from "../../src/Listening/GapLedger.ts"
import { Proof } from "../../src/Listening/Proof.ts"
import { Recovery } from "../../src/Listening/Recovery.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { Ingest } from "../../src/Log/Ingest.ts"
import { InstanceStore } from "../../src/Log/InstanceStore.ts"
import { KeptDefaults } from "../../src/Log/KeptDefaults.ts"

/** A process without replicas. */
export const alone = Layer.mock(Ownership, { me: "alone", isAlone: true })

/** A service that delivers nothing. */
export const noEndpoints = Layer.mergeAll(
  Layer.mock(Endpoints, { all: Effect.succeed([]), changes: Stream.never }),
  Layer.mock(Replays, {}),
  Layer.mock(Sinks, {}),
  Layer.mock(Standing, {}),
  Traffic.layer
)

/** A link on which every sent event has been received. */
export const subscription = (events: Stream.Stream<RawEvent, LinkError>): Subscription => {
  const ended = Effect.runSync(Deferred.make<void>())
  return {
    run: (sink) =>
      Stream.interruptWhenDeferred(events, ended).pipe(
        Stream.runForEachChunk((chunk) => sink(Chunk.toReadonlyArray(chunk)))
      ),
    end: Effect.asVoid(Deferred.succeed(ended, undefined)),
    heard: Effect.map(Clock.currentTimeMillis, (until) => ({ until, isHeldBack: false }))
  }
}

/** A source of links of their own, on which nothing ends or changes by itself. */
export const sourceOf = (source: Partial<EventSource["Type"]>) =>
  Layer.mock(EventSource, {
    mode: source.isShared === true ? "global" : "namespace",
    isShared: false,
    modeChanged: Effect.never,
    shared: Effect.succeed(undefined),
    renew: () => Effect.void,
    flow: () => Effect.succeed(undefined),
    calm: Effect.void,
    heard: Effect.succeed(undefined),
    created: () => Effect.succeed(Stream.never),
    watchIgnored: () => Effect.void,
    quiesce: Effect.void,
    ...source
  })

/** A source in auto mode: listens by global events until it is told to change. */
export const autoSource = (source: Partial<EventSource["Type"]> = {}) => {
  let isShared = true
  let changed = Deferred.unsafeMake<void>(FiberId.none)
  const changes: Array<"global" | "namespace"> = []
  const changeMode: EventSource["Type"]["changeMode"] = (to) =>
    Effect.suspend(() => {
      changes.push(to)
      isShared = to === "global"
      const before = changed
      changed = Deferred.unsafeMake(FiberId.none)
      return Effect.asVoid(Deferred.succeed(before, undefined))
    })
  const modeChanged = Effect.suspend(() => Deferred.await(changed))
  const layer = Layer.map(
    sourceOf({ ...source, mode: "auto", changeMode, modeChanged }),
    (context) => {
      const get = () => isShared
      Object.defineProperty(Context.get(context, EventSource), "isShared", { get })
      return context
    }
  )
  return { changes, changeMode, layer }
}

/** An ingest that writes at once, and nowhere. */
export const ingestOf = (ingest: Partial<Ingest["Type"]>) =>
  Layer.mock(Ingest, {
    receive: () => Effect.void,
    appendOwn: () => Effect.succeed({ committed: Effect.void }),
    flush: Effect.void,
    committedUntil: Clock.currentTimeMillis,
    fullUntil: Effect.succeed(undefined),
    observeStatement: (statement) => statement,
    degraded: Effect.succeed(null),
    depth: Effect.succeed({ events: 0, bytes: 0, age: Duration.zero }),
    idle: Effect.succeed(Duration.zero),
    ...ingest
  })

/** A ledger in which nothing stands. */
export const ledgerOf = (ledger: Partial<GapLedger["Type"]> = {}) =>
  Layer.mock(GapLedger, {
    pending: () => [],
    begins: () => Effect.succeed(Effect.void),
    forgetUnrecovered: () => undefined,
    summary: () => ({ open: null, unrecovered: 0 }),
    ...ledger
  })

/** Clocks that nothing was compared with. */
export const clocksOf = (offsets: Partial<Offsets> = {}) =>
  Layer.succeed(Clocks, {
    offsets: Effect.succeed({ evolution: null, whatsapp: null, ...offsets })
  })

/** A recovery that has nothing to do. */
export const recoveryOf = (recovery: Partial<Recovery["Type"]> = {}) =>
  Layer.mock(Recovery, {
    snapshot: () => Effect.void,
    recover: () => Effect.void,
    wake: () => Effect.void,
    round: () => Effect.succeed(true),
    rest: () => Effect.void,
    ...recovery
  })

/** Proof of nothing, that nobody is told of. */
export const proofOf = (proof: Partial<Proof["Type"]> = {}) =>
  Layer.mock(Proof, {
    events: Effect.succeed(unproven(DateTime.unsafeMake(0))),
    link: Effect.succeed(null),
    report: () => Effect.void,
    created: () => Effect.void,
    ...proof
  })

/** Instances of which none is known, and of which nothing is wanted. */
export const instancesOf = (instances: Partial<InstanceStore["Type"]> = {}) =>
  Layer.mock(InstanceStore, {
    get: () => undefined,
    lastEvent: () => null,
    all: Effect.succeed([]),
    applyCommitted: () => undefined,
    ...instances
  })

/** Servers with some of their parts; one that a test did not expect is `undefined`, and a defect when it is used. */
export const serversOf = (...all: Arr.NonEmptyReadonlyArray<Partial<Owned>>) =>
  Layer.succeed(Servers, of(Arr.map(all, (one) => ours({ id: defaultServer, ...one } as Owned))))

/** A discovery that has found nothing. */
export const discoveryOf = (discovery: Partial<Discovery["Type"]> = {}) =>
  Layer.mock(Discovery, {
    found: Effect.succeed({ at: null, names: [], rows: [], unusable: [], error: null }),
    changes: Stream.never,
    look: Effect.void,
    ignored: () => 0,
    ...discovery
  })

/** Defaults of an earlier version that a database keeps: none. */
export const keptDefaultsOf = (kept: Readonly<Record<string, string>> = {}) =>
  Layer.succeed(KeptDefaults, {
    get: (setting) => Effect.succeed(Option.fromNullable(kept[setting]))
  })

const unexpected = (method: string) => () =>
  Effect.dieMessage(`The test did not expect "${method}" to be called`)

/** A log that does what a test says. */
export const storeOf = (store: Partial<EventStore["Type"]>) =>
  EventStore.of({
    append: unexpected("append"),
    unheard: unexpected("unheard"),
    phonesOf: unexpected("phonesOf"),
    messagesAround: unexpected("messagesAround"),
    read: unexpected("read"),
    stateChanges: unexpected("stateChanges"),
    lastId: unexpected("lastId")(),
    condition: unexpected("condition")(),
    ...store
  })
