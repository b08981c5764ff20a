/**
 * The settings of one listener. A program may have several listeners, each with its own settings.
 *
 * Nothing of the library reads a setting from anywhere else, but for what Node and `pg` read by themselves:
 * `NODE_EXTRA_CA_CERTS`, `PGHOST` and the like.
 */
import { type ConfigError, ConfigProvider, Effect, identity, Layer, type Scope } from "effect"
import { everything } from "../AppConfig.ts"
import { renameIn, replacing } from "./Explain.ts"
import type { Options } from "./Options.ts"
import { ownVariables } from "./OwnVariables.ts"
import * as Secret from "./Secret.ts"
import { ownOf, variableOf } from "./Servers.ts"
import { type Loaded, Settings } from "./Setting.ts"
import { inOptions, written } from "./Written.ts"

export { explain } from "./Explain.ts"
export type { Options } from "./Options.ts"
export { Settings } from "./Setting.ts"

/** `renamed`: names variables in a text as the program wrote them. */
const make = (
  provider: ConfigProvider.ConfigProvider,
  renamed: (text: string) => string = identity
): Effect.Effect<Loaded> =>
  Effect.gen(function* () {
    const own = ownVariables(provider)
    const secrets = Effect.flatMap(own, (found) => provider.load(Secret.secrets(found)))
    const build = (from: ConfigProvider.ConfigProvider, worded: (text: string) => string) =>
      Effect.map(
        Layer.makeMemoMap,
        (built): Loaded => ({
          load: (config) => Effect.mapError(from.load(config), renameIn(worded)),
          built,
          ofServer,
          worded,
          own,
          secrets
        })
      )
    const ofServer = yield* Effect.cachedFunction((server: string) =>
      Effect.flatMap(ownOf(provider, server), (names) => {
        if (names.length === 0) return Effect.succeed(all)
        const variables = new Map(names.map((name) => [name, variableOf(name, server)]))
        const worded = replacing([...variables])
        return build(
          ConfigProvider.mapInputPath(provider, (name) => variables.get(name) ?? name),
          (text) => renamed(worded(text))
        )
      })
    )
    const all = yield* build(provider, renamed)
    return all
  })

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
      yield* Effect.provideService(everything, Settings, settings).pipe(
        Effect.mapError(renameIn(settings.worded))
      )
      return settings
    })
  )
