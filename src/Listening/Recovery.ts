/**
 * What we do about the time we were away. Evolution replays nothing, so after each (re)connect we ask
 * what is true now, hand it on as events of origin `snapshot`, and fetch the messages again that were
 * sent meanwhile, as events of origin `backfill`.
 */
import { Clock, Context, Duration, Effect, Layer, Schedule } from "effect"
import * as FairSemaphore from "../Concurrency/FairSemaphore.ts"
import type { RawEvent } from "../Domain/Event.ts"
import type { EvolutionError, KeyRefused, LicenseRequired } from "../Domain/EvolutionError.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import { EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Backfill from "./Recovery/Backfill.ts"

export class Recovery extends Context.Tag("evolution-listener/Recovery")<
  Recovery,
  {
    /**
     * WhatsApp's present state and, while it waits for a scan, its QR code. Goes on asking until
     * Evolution answers; fails when asking again cannot help. `receivedAt` is when we asked.
     */
    readonly snapshot: (
      name: InstanceName
    ) => Effect.Effect<ReadonlyArray<RawEvent>, KeyRefused | LicenseRequired>
    /**
     * Fetches what was missed in the instance's closed gaps, and writes the verdict on each into the
     * ledger; ends when there is nothing left to try. What it has come to survives its interruption.
     */
    readonly backfill: (name: InstanceName) => Effect.Effect<void>
  }
>() {
  static readonly layer = Layer.effect(
    Recovery,
    Effect.suspend(() => make)
  )
}

const retryPolicy = Schedule.exponential("1 second").pipe(
  Schedule.union(Schedule.spaced("30 seconds")),
  Schedule.jittered
)

/** An instance that is just being created is not there yet; absence is believed when said twice. */
const secondThought = Duration.seconds(2)

/** Questions at once, over all instances: five hundred listeners reconnect in the same second. */
const maxQuestions = 16

const make = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const instances = yield* InstanceStore
  const questions = FairSemaphore.make(maxQuestions)

  /** The state, and when it was asked for: what is heard meanwhile is newer. */
  const stateOf = (name: InstanceName) =>
    Effect.zip(
      Clock.currentTimeMillis,
      Effect.catchTag(client.connectionState(name), "InstanceNotFound", () =>
        Effect.succeed("removed" as const)
      )
    )

  const ask = (name: InstanceName): Effect.Effect<ReadonlyArray<RawEvent>, EvolutionError> =>
    Effect.gen(function* () {
      const first = yield* stateOf(name)
      const [receivedAt, state] =
        first[1] === "removed" ? yield* Effect.delay(stateOf(name), secondThought) : first
      const event = (name_: string, data: unknown): RawEvent => ({
        name: name_,
        payload: { event: name_, instance: name, data },
        receivedAt
      })
      const update = event("connection.update", { instance: name, state })
      const qrcode = state === "connecting" ? yield* qrOf(name) : undefined
      return qrcode === undefined ? [update] : [update, event("qrcode.updated", { qrcode })]
    })

  /**
   * `connect` is free of side effects in state `connecting` alone, and even then may show the dead
   * code of an instance that is merely reconnecting. So only an instance that was never paired is
   * asked, and only when we have no code of its own; any other shows the next one within 45 s.
   */
  const qrOf = (name: InstanceName) =>
    Effect.gen(function* () {
      if (instances.get(name)?.qr != null) return undefined
      const [row] = yield* client.fetchInstances(name)
      if (row === undefined || row.ownerJid != null) return undefined
      const { base64, code, pairingCode } = yield* client.connect(name)
      return code == null ? undefined : { instance: name, code, base64, pairingCode }
    }).pipe(
      // Not loaded yet, or connecting no more: there is no code to show.
      Effect.catchTags({
        InstanceNotFound: () => Effect.void,
        EvolutionRefused: () => Effect.void
      })
    )

  return Recovery.of({
    backfill: yield* Backfill.make,
    snapshot: (name) =>
      questions.withPermit(ask(name)).pipe(
        Effect.tapError((error) =>
          Effect.logDebug(`Cannot ask Evolution about instance "${name}": ${error.message}`).pipe(
            Effect.annotateLogs("instance", name)
          )
        ),
        Effect.retry({ schedule: retryPolicy, while: canPass }),
        Effect.catchIf(canPass, () => Effect.succeed([])) // the schedule has no end
      )
  })
})

/** Whether waiting may help. A refused key or a missing licence takes a person. */
const canPass = (
  error: EvolutionError
): error is Exclude<EvolutionError, KeyRefused | LicenseRequired> =>
  error._tag !== "KeyRefused" && error._tag !== "LicenseRequired"
