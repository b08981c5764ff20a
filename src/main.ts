/** The program: the supervision tree, served over HTTP until a signal comes. */
import { NodeRuntime } from "@effect/platform-node"
import { Cause, ConfigError, Console, Effect, Layer, Logger, Predicate } from "effect"
import * as AppConfig from "./AppConfig.ts"
import * as EvolutionListener from "./EvolutionListener.ts"
import * as Http from "./Http.ts"

const logging = Layer.unwrapEffect(
  Effect.map(AppConfig.logLevel, (level) =>
    Layer.merge(
      process.stdout.isTTY === true ? Logger.pretty : Logger.json,
      Logger.minimumLogLevel(level)
    )
  )
)

/** What kept the program from starting, a line each; the stack would tell nobody anything. */
const explain = (cause: Cause.Cause<unknown>): ReadonlyArray<string> => {
  const error = Cause.squash(cause)
  if (ConfigError.isConfigError(error)) return AppConfig.explain(error)
  if (Predicate.isTagged(error, "ServeError") && Predicate.hasProperty(error, "cause"))
    return [`Cannot serve HTTP: ${error.cause instanceof Error ? error.cause.message : error.cause}`]
  return [Predicate.isTagged(error, "SqlError") || !(error instanceof Error) ? Cause.pretty(cause) : error.message]
}

Layer.launch(Http.layer.pipe(Layer.provide(EvolutionListener.layer), Layer.provide(logging))).pipe(
  Effect.tapErrorCause((cause) =>
    Cause.isInterruptedOnly(cause)
      ? Effect.void
      : Effect.forEach(explain(cause), (line) => Console.error(`evolution-listener: ${line}`))
  ),
  (program) => NodeRuntime.runMain(program, { disableErrorReporting: true, disablePrettyLogger: true })
)
