/**
 * Compares WhatsApp's states and Evolution's settings with the records, one instance after the other:
 * Evolution emits no event when WhatsApp drops a connection that it means to restore, nor when an instance's
 * list of wanted events changes.
 */
import {
  Array as Arr,
  Clock,
  Duration,
  Effect,
  Layer,
  Metric,
  Option,
  Random,
  Stream
} from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import { settingsNames } from "../Domain/EventName.ts"
import type { InstanceName, WhatsAppState } from "../Domain/Instance.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { EvolutionClient, type WebSocketSettings } from "../Evolution/EvolutionClient.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Metrics from "../Telemetry/Metrics.ts"
import { GapLedger } from "./GapLedger.ts"
import { ListenerRegistry } from "./ListenerRegistry.ts"
import { Recovery } from "./Recovery.ts"

/** Each instance is compared about this often. */
const roundTime = Duration.minutes(1)
/** With very many instances a round takes longer: more questions would be a load on Evolution and on us. */
const shortestPause = Duration.millis(50)

/** Instances whose subscription is asked for at once. */
const maxSubscribing = 16

const make = Effect.gen(function* () {
  const compareState = yield* makeCompareState
  const registry = yield* ListenerRegistry
  const instances = yield* InstanceStore
  const source = yield* EventSource
  const makeComparison = yield* makeCompareSubscription
  /** Made when listening by namespaces begins, as it knows nothing of earlier times; `undefined`: by global events. */
  let compareSubscription: Effect.Effect.Success<typeof makeComparison> | undefined

  const compare = (name: InstanceName) =>
    Effect.gen(function* () {
      // Evolution's list shows when it is back.
      if (instances.get(name)?.whatsapp?.state === "removed") return
      const { _tag } = yield* registry.status(name)
      if (_tag === "Stopped" || _tag === "Parked") return
      if (compareSubscription !== undefined) yield* isolated(compareSubscription(name))
      if (_tag === "Listening") yield* isolated(compareState(name))
    }).pipe(isolated, Effect.annotateLogs("instance", name))

  /** Questions are spread evenly over the round. */
  const round = Effect.gen(function* () {
    const names = Arr.map(yield* registry.all, ({ name }) => name)
    // Without any instance, the next round comes soon: one may be created.
    const pause = Math.max(
      Duration.toMillis(roundTime) / (names.length || 12),
      Duration.toMillis(shortestPause)
    )
    const jittered = Effect.flatMap(Random.nextRange(0.8 * pause, 1.2 * pause), (millis) =>
      Effect.sleep(millis)
    )
    yield* Effect.forEach(names, (name) => Effect.zipRight(jittered, compare(name)))
    if (names.length === 0) yield* jittered
  })
  /** Without its subscription, a namespace does not even come to be: a first dial must not wait for a round. */
  const subscribeAll = Effect.gen(function* () {
    if (source.isShared) return yield* source.modeChanged
    const comparison = yield* makeComparison
    compareSubscription = comparison
    const subscribe = (name: InstanceName) =>
      Effect.annotateLogs(isolated(comparison(name)), "instance", name)
    const begun = Stream.filterMap(registry.changes, ({ name, state }) =>
      state._tag === "Connecting" && state.attempt === 1 ? Option.some(name) : Option.none()
    )
    const there = (yield* registry.all).flatMap(({ name, state }) =>
      state._tag === "Stopped" ? [] : [name]
    )
    yield* Stream.runDrain(
      Stream.mapEffect(Stream.concat(Stream.fromIterable(there), begun), subscribe, {
        concurrency: maxSubscribing,
        unordered: true
      }).pipe(Stream.interruptWhen(source.modeChanged))
    )
    compareSubscription = undefined
  })

  yield* loop("comparison with Evolution", Effect.forever(round))
  if (source.mode !== "global") yield* loop("subscription at start", Effect.forever(subscribeAll))
})

const makeCompareState = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const instances = yield* InstanceStore
  const recovery = yield* Recovery

  return Effect.fn(function* (name: InstanceName) {
    const actual = yield* Effect.catchTag(client.connectionState(name), "InstanceNotFound", () =>
      Effect.succeed("removed" as const)
    )
    const known = instances.get(name)?.whatsapp?.state
    if (known !== undefined && agree(known, actual)) return
    // A snapshot confirms absence, and an event heard meanwhile outranks it. It retries without end, and
    // the comparison of the other instances waits for it.
    yield* Effect.timeoutFail(recovery.snapshot(name), {
      duration: roundTime,
      onTimeout: () => ({
        message: `Evolution did not answer within ${Duration.format(roundTime)}`
      })
    })
    yield* Metric.increment(Metrics.statesDrifted)
    yield* Effect.logInfo(`WhatsApp's state had become "${actual}" without an event`)
  })
})

/**
 * A namespace of its own brings an instance's events only as its settings say. If these are found incomplete,
 * events are missing since they were last seen complete.
 */
const makeCompareSubscription = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const instances = yield* InstanceStore
  const ledger = yield* GapLedger
  const recovery = yield* Recovery
  const registry = yield* ListenerRegistry
  return Effect.map(Clock.currentTimeMillis, (began) => {
    /** Evolution's version of "all events", where it lacks some that this service knows. */
    const granted = new Map<InstanceName, string>()
    /** The last time that an instance's settings were complete; ms since 1970 UTC. */
    const completeAt = new Map<InstanceName, number>()

    return Effect.fn(function* (name: InstanceName) {
      const asked = yield* Clock.currentTimeMillis
      const found = yield* client.findWebSocket(name)
      // The answer takes time: the listener may have been stopped meanwhile.
      if ((yield* registry.status(name))._tag === "Stopped") return
      if (!isComplete(found) && granted.get(name) !== printOf(found)) {
        const desiredAt = instances.get(name)?.desiredAt.epochMillis ?? began
        const since = Math.max(completeAt.get(name) ?? began, desiredAt)
        yield* ledger.open(name, since, "not_subscribed")
        yield* client.setWebSocket(name, [])
        granted.set(name, printOf(yield* client.findWebSocket(name)))
        yield* Metric.increment(Metrics.subscriptionsDrifted)
        yield* Effect.logWarning(
          "Evolution did not send all events of this instance; asked for all"
        )
      }
      const isMissing = ledger.summary(name).open?.cause === "not_subscribed"
      const { _tag } = yield* registry.status(name)
      if (isMissing && _tag === "Listening")
        yield* Effect.zipRight(ledger.close(name), recovery.wake(name))
      completeAt.set(name, asked)
    })
  })
})

/** One instance's failure does not end the round: its listener meets the same failure, and reports it. */
const isolated = <E extends { readonly message: string }>(comparison: Effect.Effect<void, E>) =>
  comparison.pipe(
    Effect.catchAll((error) => Effect.logDebug(`Cannot compare with Evolution: ${error.message}`)),
    Effect.catchAllDefect((defect) => Effect.logError("A comparison crashed", defect))
  )

/** Evolution's REST side answers `close` where an event said `refused`, which is more precise. */
const agree = (known: WhatsAppState, actual: WhatsAppState): boolean =>
  known === actual || (actual === "close" && known === "refused")

/**
 * The events that Evolution 2.3's settings know. `GROUPS_UPDATE` is not among them (they spell it
 * `GROUP_UPDATE`, which never matches), and to name it is refused; so the request for all events names none.
 */
const expected = settingsNames.filter(
  (name) => name !== "GROUPS_UPDATE" && name !== "MESSAGING_HISTORY_SET"
)

const isComplete = (settings: WebSocketSettings | null): boolean =>
  settings?.enabled === true && expected.every((name) => settings.events.includes(name))

const printOf = (settings: WebSocketSettings | null): string =>
  settings === null ? "none" : `${settings.enabled} ${[...settings.events].sort().join()}`

/** Compares for as long as the layer lives. */
export const layer = Layer.scopedDiscard(Effect.suspend(() => make))
