/**
 * Evolution says nothing on the socket when WhatsApp drops a connection that it means to restore, and
 * its lists of wanted events change without a word. So we look, one instance after the other.
 */
import { Array as Arr, Clock, Duration, Effect, Layer, Metric, Random } from "effect"
import { settingsNames } from "../Domain/EventName.ts"
import type { InstanceName, WhatsAppState } from "../Domain/Instance.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { EvolutionClient, type WebSocketSettings } from "../Evolution/EvolutionClient.ts"
import { Ingest } from "../Log/Ingest.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Metrics from "../Telemetry/Metrics.ts"
import { GapLedger } from "./GapLedger.ts"
import { ListenerRegistry } from "./ListenerRegistry.ts"
import { Recovery } from "./Recovery.ts"

/** Each instance's turn comes about this often. */
const roundTime = Duration.minutes(1)
/** Of very many it comes less often: what would be a load to Evolution would be one to us, too. */
const shortestPause = Duration.millis(50)

const make = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const ingest = yield* Ingest
  const ledger = yield* GapLedger
  const instances = yield* InstanceStore
  const recovery = yield* Recovery
  const registry = yield* ListenerRegistry
  const { isShared } = yield* EventSource
  /** What Evolution made of "all events", where that is not all that we know of. */
  const granted = new Map<InstanceName, string>()
  /** When an instance's settings were last seen to be whole; ms since 1970 UTC. */
  const whole = new Map<InstanceName, number>()
  const began = yield* Clock.currentTimeMillis

  const compareState = Effect.fn(function* (name: InstanceName) {
    const said = yield* Effect.catchTag(client.connectionState(name), "InstanceNotFound", () =>
      Effect.succeed("removed" as const)
    )
    const known = instances.get(name)?.whatsapp?.state
    if (known !== undefined && agree(known, said)) return
    // Asks again and thinks twice, and what was heard meanwhile outranks the answer. It would go on
    // asking until Evolution answers, while the others wait for their turn.
    const found = yield* Effect.timeoutFail(recovery.snapshot(name), {
      duration: roundTime,
      onTimeout: () => ({ message: "Evolution does not say what is true" })
    })
    yield* ingest.receive(found, "snapshot")
    yield* Metric.increment(Metrics.statesDrifted)
    yield* Effect.logInfo(`WhatsApp's state had become "${said}" without an event`)
  })

  /**
   * With a namespace of its own, an instance's events come only as its settings say. What was not sent
   * since the settings were last seen to be whole is missing.
   */
  const compareSubscription = Effect.fn(function* (name: InstanceName) {
    const asked = yield* Clock.currentTimeMillis
    const found = yield* client.findWebSocket(name)
    // The answer took its time, and the stop may have come meanwhile.
    if ((yield* registry.status(name))._tag === "Stopped") return
    if (!isComplete(found) && granted.get(name) !== printOf(found)) {
      const wished = instances.get(name)?.desiredAt.epochMillis ?? began
      yield* ledger.open(name, Math.max(whole.get(name) ?? began, wished), "not_subscribed")
      yield* client.setWebSocket(name, [])
      granted.set(name, printOf(yield* client.findWebSocket(name)))
      yield* Metric.increment(Metrics.subscriptionsDrifted)
      yield* Effect.logWarning("Evolution did not send all events of this instance; asked for all")
    }
    const isMissing = ledger.summary(name).open?.cause === "not_subscribed"
    const { _tag } = yield* registry.status(name)
    if (isMissing && _tag === "Listening") yield* ledger.close(name)
    whole.set(name, asked)
  })

  /** Whatever Evolution has against it, the listener meets it too, and says so. */
  const harmless = <E extends { readonly message: string }>(look: Effect.Effect<void, E>) =>
    look.pipe(
      Effect.catchAll((error) => Effect.logDebug(`Cannot compare: ${error.message}`)),
      Effect.catchAllDefect((defect) => Effect.logError("A comparison crashed", defect))
    )

  const look = (name: InstanceName) =>
    Effect.gen(function* () {
      const { _tag } = yield* registry.status(name)
      if (_tag === "Stopped" || _tag === "Parked") return
      if (!isShared) yield* harmless(compareSubscription(name))
      if (_tag === "Listening") yield* harmless(compareState(name))
    }).pipe(harmless, Effect.annotateLogs("instance", name))

  /** Spread over the round, so that Evolution is asked evenly. */
  const round = Effect.gen(function* () {
    const names = Arr.map(yield* registry.all, ({ name }) => name)
    // Without any, soon again: one may come.
    const pause = Math.max(
      Duration.toMillis(roundTime) / (names.length || 12),
      Duration.toMillis(shortestPause)
    )
    const jittered = Effect.flatMap(Random.nextRange(0.8 * pause, 1.2 * pause), (millis) =>
      Effect.sleep(millis)
    )
    yield* Effect.forEach(names, (name) => Effect.zipRight(jittered, look(name)))
    if (names.length === 0) yield* jittered
  })
  yield* Effect.forkScoped(Effect.forever(round))
})

/** Asked, Evolution says `close` for what an event named better. */
const agree = (known: WhatsAppState, said: WhatsAppState): boolean =>
  known === said || (said === "close" && known === "refused")

/**
 * What Evolution 2.3's settings know. `GROUPS_UPDATE` is not among them (they spell it `GROUP_UPDATE`,
 * which never matches), and to name it is refused; so all are asked for by naming none.
 */
const expected = settingsNames.filter(
  (name) => name !== "GROUPS_UPDATE" && name !== "MESSAGING_HISTORY_SET"
)

const isComplete = (settings: WebSocketSettings | null): boolean =>
  settings?.enabled === true && expected.every((name) => settings.events.includes(name))

const printOf = (settings: WebSocketSettings | null): string =>
  settings === null ? "none" : `${settings.enabled} ${[...settings.events].sort().join()}`

/** Looks for as long as the layer lives. */
export const layer = Layer.scopedDiscard(Effect.suspend(() => make))
