/** Loggers that scrub every line. */
import { Array as Arr, Cause, Effect, HashMap, Inspectable, Layer, Logger } from "effect"
import * as AppConfig from "../AppConfig.ts"
import type { Scrub } from "../Domain/Scrub.ts"
import * as Secrets from "./Secrets.ts"

/** Writes one JSON object a line. */
export const json = (scrub: Scrub): Logger.Logger<unknown, void> =>
  Logger.withConsoleLog(
    Logger.map(Logger.structuredLogger, (entry) => JSON.stringify(scrub.entry(entry)))
  )

/** Writes lines for people at a terminal. */
export const pretty = (scrub: Scrub): Logger.Logger<unknown, void> =>
  Logger.mapInputOptions(Logger.prettyLogger(), (options: Logger.Logger.Options<unknown>) => ({
    ...options,
    annotations: HashMap.map(options.annotations, (value) =>
      scrub.entry(Inspectable.toJSON(value))
    ),
    message: [
      ...Arr.ensure(options.message).map((part) => scrub.entry(Inspectable.toJSON(part))),
      ...(Cause.isEmpty(options.cause)
        ? []
        : [scrub.words(Cause.pretty(options.cause, { renderErrorCause: true }))])
    ],
    cause: Cause.empty
  }))

/**
 * Scrubs every line of the layers that it is provided to, the program's own, too. Logs from the level of the
 * settings on: for people on a terminal, else as JSON lines.
 */
export const layer = Layer.unwrapEffect(
  Effect.map(Effect.all([AppConfig.logLevel, Secrets.scrub]), ([level, scrub]) => {
    const logger = process.stdout.isTTY === true ? pretty : json
    return Layer.merge(
      Logger.replace(Logger.defaultLogger, logger(scrub)),
      Logger.minimumLogLevel(level)
    )
  })
)
