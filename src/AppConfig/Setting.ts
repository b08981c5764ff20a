/** The settings of one listener, as a service, and one setting as an effect that reads it there. */
import type { Layer } from "effect"
import {
  type Config,
  type ConfigError,
  type ConfigProvider,
  Context,
  Effect,
  Effectable,
  type Redacted
} from "effect"
import type { OwnVariable } from "./OwnVariables.ts"

/** The settings of the service, or of one Evolution server. */
export interface Loaded {
  /** Reads what a `Config` describes. Its names are those of the environment variables. */
  readonly load: ConfigProvider.ConfigProvider["load"]
  /** Everything that is built with these settings, so that it is built once for them. */
  readonly built: Layer.MemoMap
  /** The settings as they are for one Evolution server. They are the same each time. */
  readonly ofServer: (server: string) => Effect.Effect<Loaded, ConfigError.ConfigError>
  /** Names variables in a text as these settings have them: `EVOLUTION_MODE__EU` for `EVOLUTION_MODE`. */
  readonly worded: (text: string) => string
  /** The variables that name a server, of all servers. */
  readonly own: Effect.Effect<ReadonlyArray<OwnVariable>, ConfigError.ConfigError>
  /** Every secret of all servers, as far as they are set. */
  readonly secrets: Effect.Effect<ReadonlyArray<Redacted.Redacted>, ConfigError.ConfigError>
}

export class Settings extends Context.Tag("evolution-listener/Settings")<Settings, Loaded>() {}

/** Reads a setting from `Settings`, and from nowhere else. */
export class Setting<A> extends Effectable.Class<A, ConfigError.ConfigError, Settings> {
  readonly config: Config.Config<A>
  constructor(config: Config.Config<A>) {
    super()
    this.config = config
  }
  commit() {
    return Effect.flatMap(Settings, ({ load }) => load(this.config))
  }
}

export const setting = <A>(config: Config.Config<A>): Setting<A> => new Setting(config)
