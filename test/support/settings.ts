/** The environment of a test, as a Layer. */
import { ConfigProvider, Layer } from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as Transport from "../../src/Evolution/Transport.ts"
import * as Secrets from "../../src/Telemetry/Secrets.ts"

/** Sets these variables alone, without the process's own environment; knows no secrets of other tests. */
export const settings = (variables: Readonly<Record<string, string>>) => {
  const provider = ConfigProvider.fromMap(new Map(Object.entries(variables)))
  return Layer.mergeAll(
    Settings.layerFrom(provider),
    // For layers that take their settings from the environment by themselves.
    Layer.setConfigProvider(provider),
    Layer.sync(Secrets.Secrets, Secrets.make)
  )
}

/** Settings for a simulated Evolution, and the HTTP client for it. */
export const evolutionAt = (
  simulator: { readonly url: string; readonly apiKey: string },
  more: Readonly<Record<string, string>> = {}
) =>
  Layer.provideMerge(
    Transport.layer,
    settings({
      EVOLUTION_API_URL: simulator.url,
      EVOLUTION_API_KEY: simulator.apiKey,
      ...more
    })
  )
