/**
 * Checks that Evolution broadcasts every event on `/` (`WEBSOCKET_GLOBAL_EVENTS`). No call of its API says
 * so; only an event does, and every way to cause one has side effects. So the check listens for a moment,
 * on `/` and in the instances' own namespaces. Silence proves nothing.
 */
import { randomBytes } from "node:crypto"
import { Duration, Effect, Fiber, Option, Stream } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import { trialName } from "../../Domain/Instance.ts"
import { Probe } from "../../Evolution/Probe.ts"
import { type Finding, failed, ok, unknown } from "./Finding.ts"

export interface Listening {
  /** Evolution's instances. */
  readonly names: ReadonlyArray<string>
  /** True: creates an instance for a moment, so that there is an event. */
  readonly isTrial: boolean
  readonly patience: Duration.Duration
}

/** Evolution emits on `/` first, and in a namespace only after a query to its database. */
const grace = Duration.seconds(1)

/** More handshakes would take long, and one namespace with an event is enough. */
const maxNamespaces = 50

const about = "global events"

const remedy =
  "set WEBSOCKET_GLOBAL_EVENTS=true at Evolution and restart it, or EVOLUTION_MODE=auto here"

export const globalEvents = (listening: Listening) =>
  Effect.gen(function* () {
    const { mode } = yield* AppConfig.Evolution
    if (mode === "namespace") return ok(about, "not needed, as EVOLUTION_MODE is namespace")
    const found = yield* Effect.catchAll(heard(listening), (error) =>
      Effect.succeed(unknown(about, `the link did not hold while we listened: ${error.message}`))
    )
    if (found.verdict !== "failed") return found
    return mode === "auto"
      ? ok(about, `${found.message}; EVOLUTION_MODE=auto then listens by namespaces`)
      : failed(about, `${found.message}: ${remedy}`)
  })

/** `failed`: off, by this evidence. */
const heard = ({ isTrial, names, patience }: Listening) =>
  Effect.scoped(
    Effect.gen(function* () {
      const probe = yield* Probe
      const first = (stream: Effect.Effect.Success<typeof probe.broadcast>) =>
        Stream.runHead(stream).pipe(
          Effect.flatMap(
            Option.match({
              onNone: () => Effect.never, // the probe closed it
              onSome: Effect.succeed
            })
          ),
          Effect.forkScoped
        )
      const onRoot = yield* Effect.flatMap(probe.broadcast, first)
      if (isTrial) return yield* tried(Fiber.join(onRoot), patience)

      const inside =
        names.length === 0
          ? Effect.never
          : Fiber.join(
              yield* Effect.flatMap(probe.namespaces(names.slice(0, maxNamespaces)), first)
            )
      const on = Effect.map(Fiber.join(onRoot), (name) => ok(about, `on: heard "${name}"`))
      const off = Effect.map(Effect.delay(grace)(inside), (name) =>
        failed(about, `off: "${name}" was heard in its own namespace and not among all`)
      )
      return yield* Effect.race(on, off).pipe(
        Effect.timeoutTo({
          duration: patience,
          onSuccess: (finding): Finding => finding,
          onTimeout: () =>
            unknown(
              about,
              `nothing was heard for ${Duration.format(patience)}, which may be because nothing happened: check again while a message comes, or with --probe, which creates an instance at Evolution for a moment (no phone, deleted at once)`
            )
        })
      )
    })
  )

/** The creation of an instance is an event on `/`, if there is any. */
const tried = <E>(event: Effect.Effect<string, E>, patience: Duration.Duration) =>
  Effect.gen(function* () {
    const { trial } = yield* Probe
    const answer = yield* trial(trialName(randomBytes(4).toString("hex")))
    if (answer.status !== 201)
      return unknown(
        about,
        `Evolution did not create an instance to try it with: ${answer.words()}`
      )
    return yield* Effect.timeoutTo(event, {
      duration: patience,
      onSuccess: (name): Finding => ok(about, `on: heard "${name}"`),
      onTimeout: () => failed(about, `off: an instance was created, and nothing was heard of it`)
    })
  })
