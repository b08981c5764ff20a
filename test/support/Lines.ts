/** The log of a program, line by line. */
import { Effect, HashMap, Layer, Logger, LogLevel, Option } from "effect"

export interface Line {
  readonly level: string
  readonly message: string
  /** The instance that the line names. */
  readonly instance: string | undefined
}

/** A layer that keeps every line, and the lines. */
export const makeLines = Effect.sync(() => {
  const lines: Array<Line> = []
  const logger = Logger.make(({ annotations, logLevel, message }) => {
    const instance = Option.map(HashMap.get(annotations, "instance"), String)
    lines.push({
      level: logLevel.label,
      message: [message].flat().join(" "),
      instance: Option.getOrUndefined(instance)
    })
  })
  const layer = Layer.merge(
    Logger.replace(Logger.defaultLogger, logger),
    Logger.minimumLogLevel(LogLevel.All)
  )
  return { layer, lines }
})
