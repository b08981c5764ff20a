/**
 * Recovery of the time without a link. Evolution replays nothing, so after each (re)connect Recovery asks
 * for the present state, as events of origin `snapshot`, and fetches missed messages, as events of origin
 * `backfill`.
 */
import { Cause, Clock, Context, Duration, Effect, FiberMap, Layer, Schedule } from "effect"
import * as FairSemaphore from "../Concurrency/FairSemaphore.ts"
import type { RawEvent } from "../Domain/Event.ts"
import type {
  EvolutionError,
  KeyRefused,
  LicenseRequired,
  NameImpossible
} from "../Domain/EvolutionError.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import { isUnlisted } from "../Evolution/Absence.ts"
import { EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { Ingest } from "../Log/Ingest.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Backfill from "./Recovery/Backfill.ts"

export class Recovery extends Context.Tag("evolution-listener/Recovery")<
  Recovery,
  {
    /**
     * Asks Evolution for WhatsApp's present state and, while it waits for a scan, its QR code, and hands the
     * answer to Ingest; the events' `receivedAt` is the time of the question. Retries until Evolution
     * answers; fails when a retry cannot help.
     */
    readonly snapshot: (name: InstanceName) => Effect.Effect<void, KeyRefused | LicenseRequired>
    /**
     * Recovers a session: takes a snapshot, then back-fills closed gaps as they become due, and writes the
     * verdict on each into the ledger. Ends when there is none left; progress survives its interruption.
     */
    readonly recover: (name: InstanceName) => Effect.Effect<void, KeyRefused | LicenseRequired>
    /** Back-fills a gap that has closed while the link held, in the background. */
    readonly wake: (name: InstanceName) => Effect.Effect<void>
    /**
     * Fetches messages of an open gap in which the link holds and events do not come. Succeeds with `false`
     * if it has to be tried again.
     */
    readonly round: (name: InstanceName) => Effect.Effect<boolean>
    /** Ends the back-fill that `wake` began; the session calls it when its link is gone. */
    readonly rest: (name: InstanceName) => Effect.Effect<void>
  }
>() {
  static readonly layer = Layer.scoped(
    Recovery,
    Effect.suspend(() => make)
  )
}

const retryPolicy = Schedule.exponential("1 second").pipe(
  Schedule.union(Schedule.spaced("30 seconds")),
  Schedule.jittered
)

/** Evolution does not know an instance yet that is just being created; so absence is confirmed. */
const secondThought = Duration.seconds(2)

/** Questions at once, over all instances: five hundred listeners reconnect in the same second. */
const maxQuestions = 16

const make = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const ingest = yield* Ingest
  const instances = yield* InstanceStore
  const backfill = yield* Backfill.make
  const questions = FairSemaphore.make(maxQuestions)
  const fibers = yield* FiberMap.make<InstanceName, void>()
  const rest = (name: InstanceName) => FiberMap.remove(fibers, name)

  /** The state, and the time of the question: an event heard meanwhile is newer. */
  const stateOf = (name: InstanceName) =>
    Effect.zip(
      Clock.currentTimeMillis,
      Effect.catchTag(client.connectionState(name), "InstanceNotFound", () =>
        Effect.succeed("removed" as const)
      )
    )

  /** The state, or `removed` if Evolution's complete list confirms it. */
  const surely = (name: InstanceName) =>
    Effect.gen(function* () {
      const [at, state] = yield* stateOf(name)
      if (state !== "removed" || (yield* isUnlisted(client, name))) return [at, state] as const
      return [at, "unknown"] as const
    })

  const ask = (name: InstanceName): Effect.Effect<ReadonlyArray<RawEvent>, EvolutionError> =>
    Effect.gen(function* () {
      const first = yield* stateOf(name)
      const [receivedAt, state] =
        first[1] === "removed" ? yield* Effect.delay(surely(name), secondThought) : first
      const event = (eventName: string, data: unknown): RawEvent => ({
        name: eventName,
        payload: { event: eventName, instance: name, data },
        receivedAt
      })
      const update = event("connection.update", { instance: name, state })
      const qrcode = state === "connecting" ? yield* qrOf(name) : undefined
      return qrcode === undefined ? [update] : [update, event("qrcode.updated", { qrcode })]
    })

  /**
   * `connect` is free of side effects in state `connecting` alone, and even then may show the dead
   * code of an instance that is merely reconnecting. So only an instance that was never paired is
   * asked, and only when its record has no code; any other shows the next one within 45 s.
   */
  const qrOf = (name: InstanceName) =>
    Effect.gen(function* () {
      if (instances.get(name)?.qr != null) return undefined
      const [row] = yield* client.fetchInstances(name)
      if (row === undefined || row.ownerJid != null) return undefined
      const { base64, code, pairingCode } = yield* client.connect(name)
      return code == null ? undefined : { instance: name, code, base64, pairingCode }
    }).pipe(
      // The instance is not loaded yet, or not connecting any more: there is no code to show.
      Effect.catchTags({
        InstanceNotFound: () => Effect.void,
        EvolutionRefused: () => Effect.void
      })
    )

  const snapshot = (name: InstanceName) =>
    questions.withPermit(ask(name)).pipe(
      Effect.tapError((error) =>
        Effect.logDebug(`Cannot ask Evolution about instance "${name}": ${error.message}`).pipe(
          Effect.annotateLogs("instance", name)
        )
      ),
      Effect.retry({ schedule: retryPolicy, while: isTransient }),
      Effect.catchIf(isTransient, () => Effect.succeed([])), // the schedule has no end
      Effect.catchTag("NameImpossible", () => Effect.succeed([])), // its events alone tell the state
      Effect.flatMap((events) => ingest.receive(events, "snapshot"))
    )

  return Recovery.of({
    snapshot,
    recover: (name) =>
      rest(name).pipe(
        Effect.zipRight(snapshot(name)),
        Effect.zipRight(backfill.revive(name)),
        Effect.zipRight(backfill.run(name))
      ),
    wake: (name) =>
      Effect.suspend(() =>
        backfill.wake(name)
          ? Effect.void
          : FiberMap.run(fibers, name, logCrash(name, backfill.run(name)), { onlyIfMissing: true })
      ),
    round: backfill.round,
    rest
  })
})

/** The gap stays pending: the next session, or the next gap that closes, tries it again. */
const logCrash = (name: InstanceName, run: Effect.Effect<void>) =>
  run.pipe(
    Effect.catchAllDefect((defect) => Effect.logError("Back-fill crashed", Cause.die(defect))),
    Effect.annotateLogs("instance", name)
  )

/** A refused key and a missing licence take a person; a retry may help against any other error. */
const isTransient = (
  error: EvolutionError
): error is Exclude<EvolutionError, KeyRefused | LicenseRequired | NameImpossible> =>
  error._tag !== "KeyRefused" && error._tag !== "LicenseRequired" && error._tag !== "NameImpossible"
