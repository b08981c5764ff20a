/** Loggers that scrub every line. */
import { Array as Arr, Cause, HashMap, Inspectable, Logger } from "effect"
import type { Scrub } from "../Domain/Scrub.ts"

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
