/** The program: runs the service until a signal comes, or one command. */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import * as Settings from "./AppConfig/Settings.ts"
import * as AppConfig from "./AppConfig.ts"
import * as Check from "./Command/Check.ts"
import * as KeysCommand from "./Command/KeysCommand.ts"
import * as Startup from "./Command/Startup.ts"
import * as Warnings from "./Command/Warnings.ts"
import * as EvolutionListener from "./EvolutionListener.ts"
import * as Http from "./Http/mod.ts"
import * as Loggers from "./Telemetry/Loggers.ts"
import * as Tracing from "./Telemetry/Tracing.ts"

const service = Layer.merge(Http.layer, Warnings.layer).pipe(
  Startup.leavingFirst,
  Layer.provide(EvolutionListener.layerServers),
  Layer.provide(Tracing.layer),
  Layer.provide(Loggers.layer),
  Layer.provide(Settings.layerFromEnv)
)

const [command, ...args] = process.argv.slice(2)

/** A program of its own, so that the service does not load it. A bundle has it beside the service's. */
const simulate = Effect.suspend(() => {
  const file = import.meta.url.endsWith(".ts") ? "Testing/main.ts" : "simulate.js"
  return Effect.promise(() => import(new URL(file, import.meta.url).href))
})

const program = Effect.suspend((): Effect.Effect<void, unknown, Settings.Settings> => {
  switch (command) {
    case undefined:
      // One start reports every wrong setting.
      return AppConfig.everything.pipe(
        Effect.zipRight(Startup.stopWithin),
        Effect.flatMap((within) => Startup.launch(service, within))
      )
    case "--check":
      return Check.run(args)
    case "keys":
      return KeysCommand.run(args)
    case "simulate":
      return simulate
    default:
      return KeysCommand.unknown(command)
  }
})

// The files that the service makes hold messages, codes and keys.
process.umask(0o077)
Startup.endOnSecondSignal()
NodeRuntime.runMain(Effect.provide(Startup.explainFailure(program), Settings.layerFromEnv), {
  disableErrorReporting: true,
  disablePrettyLogger: true
})
