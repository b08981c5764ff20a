/** Logs a warning at start for each setting that works and should be changed. */
import { Effect, Layer, Option, Schedule } from "effect"
import { Probe, versionOf } from "../Evolution/Probe.ts"
import * as Transport from "../Evolution/Transport.ts"
import { aboutVersion, instanceKey, openDoor, precautions, way } from "./Check/Evolution.ts"
import type { Finding } from "./Check/Finding.ts"

/** Evolution may come up after us. */
const retryPolicy = Schedule.spaced("30 seconds").pipe(Schedule.jittered)

const warn = ({ about, message, verdict }: Finding) =>
  verdict === "ok" ? Effect.void : Effect.logWarning(`${about}: ${message}`)

/** Warnings about Evolution itself. Fails while Evolution does not answer. */
export const ofEvolution = Effect.gen(function* () {
  const { handshake, root } = yield* Probe
  const version = yield* Effect.map(root, versionOf)
  if (Option.isSome(version)) yield* warn(aboutVersion(version.value))
  const open = yield* openDoor
  if (Option.isSome(open)) yield* warn(open.value)
  // A key that the socket refuses is no instance's, either: the listeners tell of it.
  const { status } = yield* handshake(true)
  const key = status === 200 ? yield* instanceKey : Option.none()
  if (Option.isSome(key)) yield* warn(key.value)
})

/** Variables for other programs decide about the proxy, too: the log of a start tells it. */
const tellProxy = Effect.flatMap(way, (through) =>
  Effect.when(Effect.logInfo(`Evolution is reached ${through}`), () => through !== "")
)

/** Asks Evolution once, as soon as it answers. */
export const layer = Layer.scopedDiscard(
  Effect.zipRight(
    Effect.flatMap(Effect.zipRight(tellProxy, precautions), (found) =>
      Effect.forEach(found, warn, { discard: true })
    ),
    ofEvolution.pipe(Effect.retry(retryPolicy), Effect.ignore, Effect.forkScoped)
  )
).pipe(Layer.provide(Probe.layer), Layer.provide(Transport.layer))
