/** The environment of a test, as a Layer. */
import { ConfigProvider, Layer } from "effect"
import * as Secrets from "../../src/Telemetry/Secrets.ts"

/** Sets these variables alone, without the process's own environment; knows no secrets of other tests. */
export const settings = (variables: Readonly<Record<string, string>>) =>
  Layer.merge(
    Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables)))),
    Layer.sync(Secrets.Secrets, Secrets.make)
  )

/** Settings for a simulated Evolution. */
export const evolutionAt = (
  simulator: { readonly url: string; readonly apiKey: string },
  more: Readonly<Record<string, string>> = {}
) =>
  settings({
    EVOLUTION_API_URL: simulator.url,
    EVOLUTION_API_KEY: simulator.apiKey,
    ...more
  })
