/** `--check`: examines the settings, the database and each Evolution server, and says what to do. */
import { parseArgs } from "node:util"
import { Console, Data, Duration, Effect, Either, Layer, Stream } from "effect"
import type { Settings } from "../AppConfig/Settings.ts"
import * as AppConfig from "../AppConfig.ts"
import { EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { Probe } from "../Evolution/Probe.ts"
import * as Transport from "../Evolution/Transport.ts"
import * as Broadcast from "./Check/Broadcast.ts"
import * as Database from "./Check/Database.ts"
import { ofEachServer } from "./Check/EachServer.ts"
import * as Endpoints from "./Check/Endpoints.ts"
import * as Evolution from "./Check/Evolution.ts"
import { type Finding, failed, lineOf, ok } from "./Check/Finding.ts"
import * as Precautions from "./Check/Precautions.ts"

export { type Finding, lineOf } from "./Check/Finding.ts"

/** The check found a fault that a start would meet. */
export class CheckFailed extends Data.TaggedError("CheckFailed")<{ readonly message: string }> {}

export interface Options {
  /** Creates an instance without a phone at Evolution for a moment, so that there is an event. */
  readonly probe: boolean
  /** The time to listen. */
  readonly patience: Duration.Duration
}

export const usage = "Usage: --check [--probe]"

const layer = Layer.merge(Probe.layer, EvolutionClient.layer).pipe(Layer.provide(Transport.layer))

/** Emits each finding at once. If the settings are wrong, nothing else is examined. */
export const findings = (options: Options): Stream.Stream<Finding, never, Settings> =>
  Stream.unwrap(
    Effect.map(Effect.either(AppConfig.everything), (settings) =>
      Either.isLeft(settings)
        ? Stream.map(Stream.fromIterable(AppConfig.explain(settings.left)), (line) =>
            failed("settings", line)
          )
        : Stream.make(ok("settings", "complete and well-formed")).pipe(
            Stream.concat(ofEachServer(each(Precautions.ofServer))),
            Stream.concat(each(Precautions.ofService)),
            Stream.concat(each(Endpoints.file)),
            Stream.concat(each(Database.database)),
            Stream.concat(ofEachServer(Stream.provideSomeLayer(evolution(options), layer))),
            Stream.orDie // the settings have just been read
          )
    )
  )

const each = <E, R>(found: Effect.Effect<ReadonlyArray<Finding>, E, R>) =>
  Stream.fromIterableEffect(found)

const isFailed = ({ verdict }: Finding) => verdict === "failed"

/** Examines one thing after another: each needs the one before. */
const evolution = ({ patience, probe }: Options) =>
  Stream.unwrap(
    Effect.map(Evolution.reached, (there) => {
      const found = Stream.fromIterable(there)
      if (there.length === 1)
        return Stream.concat(
          found,
          Stream.make("key", "websocket", "global events").pipe(Stream.map(Evolution.unseen))
        )
      const linked = Stream.unwrap(
        Effect.map(
          Effect.all([Evolution.key, Evolution.socket, Evolution.clock]),
          ([key, socket, clock]) =>
            Stream.make(key.finding, ...socket, ...clock).pipe(
              Stream.concat(
                socket.some(isFailed)
                  ? Stream.make(Evolution.unseen("global events"))
                  : Stream.fromEffect(
                      Broadcast.globalEvents({ names: key.names, isTrial: probe, patience })
                    )
              )
            )
        )
      )
      return Stream.concat(found, linked)
    })
  )

const patience = Duration.seconds(5)

/** Prints a line for each finding; fails if a finding is `failed`. */
export const run = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { values } = yield* Effect.try({
      try: () => parseArgs({ args: [...args], options: { probe: { type: "boolean" } } }),
      catch: () => new CheckFailed({ message: usage })
    })
    const count = yield* findings({ probe: values.probe === true, patience }).pipe(
      Stream.tap((finding) => Console.log(lineOf(finding))),
      Stream.runFold(0, (sum, finding) => sum + (isFailed(finding) ? 1 : 0))
    )
    if (count > 0)
      return yield* new CheckFailed({
        message: `The check found ${count} ${count === 1 ? "thing that has" : "things that have"} to be mended`
      })
  })
