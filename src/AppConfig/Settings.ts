/**
 * The settings of one listener. A program may have several listeners, each with its own settings.
 *
 * Nothing of the library reads a setting from anywhere else, but for what Node and `pg` read by themselves:
 * `NODE_EXTRA_CA_CERTS`, `PGHOST` and the like.
 */
import { type ConfigError, ConfigProvider, Effect, identity, Layer, type Scope } from "effect"
import { everything } from "../AppConfig.ts"
import type { Options } from "./Options.ts"
import { providerFor } from "./Servers.ts"
import { type Loaded, Settings } from "./Setting.ts"
import { inOptions, written } from "./Written.ts"

export { explain } from "./Explain.ts"
export type { Options } from "./Options.ts"
export { Settings } from "./Setting.ts"

/** `worded`: names what is wrong as the program wrote it. */
const make = (
  provider: ConfigProvider.ConfigProvider,
  worded: (error: ConfigError.ConfigError) => ConfigError.ConfigError = identity
): Effect.Effect<Loaded> =>
  Effect.map(Layer.makeMemoMap, (built) =>
    Settings.of({
      load: (config) => Effect.mapError(provider.load(config), worded),
      built,
      ofServer: (server) =>
        Effect.flatMap(providerFor(provider, server), (own) => make(own, worded))
    })
  )

/** Settings of a `ConfigProvider`, which are read, and may be refused, as they are needed. */
export const layerFrom = (provider: ConfigProvider.ConfigProvider): Layer.Layer<Settings> =>
  Layer.effect(Settings, make(provider))

/** The environment variables, or what the program's own `ConfigProvider` has under their names. */
export const layerFromEnv: Layer.Layer<Settings> = Layer.effect(
  Settings,
  Effect.flatMap(Effect.configProviderWith(Effect.succeed), (provider) => make(provider))
)

/**
 * The same layer, built once for each value of `Settings`. A layer that is a constant is otherwise built once in
 * a program, with the settings that came first.
 */
export const perSettings = <A, E, R>(
  layer: Layer.Layer<A, E, R>
): Layer.Layer<A, E, Exclude<R, Scope.Scope> | Settings> =>
  Layer.fresh(
    Layer.scopedContext(
      Effect.flatMap(Effect.all([Settings, Effect.scope]), ([{ built }, scope]) =>
        Layer.buildWithMemoMap(layer, built, scope)
      )
    )
  )

/**
 * Settings that the program writes itself. No environment variable is read. Fails with every option that is
 * wrong, named as it is written here: `queue.maxMiB`.
 */
export const layer = (options: Options): Layer.Layer<Settings, ConfigError.ConfigError> =>
  Layer.effect(
    Settings,
    Effect.gen(function* () {
      const provider = ConfigProvider.fromMap(new Map(yield* written(options)))
      const settings = yield* make(provider, inOptions(Object.keys(options.servers ?? {})))
      yield* Effect.provideService(everything, Settings, settings)
      return settings
    })
  )
