/** Logs a warning at start for each setting that works and should be changed. */
import { Effect, identity, Layer, Option, Schedule } from "effect"
import { Settings } from "../AppConfig/Settings.ts"
import * as AppConfig from "../AppConfig.ts"
import { ServerId } from "../Domain/Server.ts"
import { Probe, versionOf } from "../Evolution/Probe.ts"
import * as Transport from "../Evolution/Transport.ts"
import { named } from "../Instances/Servers.ts"
import { aboutVersion, instanceKey, openDoor, way } from "./Check/Evolution.ts"
import type { Finding } from "./Check/Finding.ts"
import * as Precautions from "./Check/Precautions.ts"

/** Evolution may come up after us. */
const retryPolicy = Schedule.spaced("30 seconds").pipe(Schedule.jittered)

const warn = ({ about, message, verdict }: Finding) =>
  verdict === "ok"
    ? Effect.void
    : Effect.flatMap(Settings, ({ worded }) => Effect.logWarning(worded(`${about}: ${message}`)))

const warnOfAll = (findings: ReadonlyArray<Finding>) =>
  Effect.forEach(findings, warn, { discard: true })

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
const ofServer = Layer.scopedDiscard(
  Effect.zipRight(
    Effect.flatMap(Effect.zipRight(tellProxy, Precautions.ofServer), warnOfAll),
    ofEvolution.pipe(Effect.retry(retryPolicy), Effect.ignore, Effect.forkScoped)
  )
).pipe(Layer.provide(Probe.layer), Layer.provide(Transport.layer))

/** Warns of the settings, and of each server. Where there are several, the lines have the server's id. */
export const layer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const settings = yield* Settings
    const ids = yield* AppConfig.servers
    yield* Effect.forEach(ids, (id) =>
      Effect.flatMap(settings.ofServer(id), (own) =>
        Layer.build(ofServer).pipe(
          Effect.provideService(Settings, own),
          ids.length === 1 ? identity : named(ServerId.make(id))
        )
      )
    )
    yield* Effect.flatMap(Precautions.ofService, warnOfAll)
  })
)
