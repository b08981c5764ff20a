/** Examines each server with the settings that it has. */
import { type ConfigError, Effect, Stream } from "effect"
import { Settings } from "../../AppConfig/Settings.ts"
import * as AppConfig from "../../AppConfig.ts"
import type { Finding } from "./Finding.ts"

/**
 * The findings about each server, one server after the other. They name the server's own variables, and, where there
 * are several, the server.
 */
export const ofEachServer = <E, R>(
  findings: Stream.Stream<Finding, E, R>
): Stream.Stream<Finding, E | ConfigError.ConfigError, Exclude<R, Settings> | Settings> =>
  Stream.unwrap(
    Effect.map(Effect.all([Settings, AppConfig.servers]), ([settings, ids]) =>
      Stream.flatMap(Stream.fromIterable(ids), (id) =>
        Stream.unwrap(
          Effect.map(settings.ofServer(id), (own) =>
            findings.pipe(
              Stream.map(({ about, message, verdict }) => ({
                about: ids.length === 1 ? own.worded(about) : `${id}: ${own.worded(about)}`,
                message: own.worded(message),
                verdict
              })),
              Stream.provideService(Settings, own)
            )
          )
        )
      )
    )
  )
