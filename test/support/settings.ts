/** The environment of a test, as a Layer. */
import { ConfigProvider, Layer } from "effect"

/** Only these variables are set, whatever the process's own environment says. */
export const settings = (variables: Readonly<Record<string, string>>) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))

/** How to reach a simulated Evolution. */
export const evolutionAt = (
  simulator: { readonly url: string; readonly apiKey: string },
  more: Readonly<Record<string, string>> = {}
) =>
  settings({
    EVOLUTION_API_URL: simulator.url,
    EVOLUTION_API_KEY: simulator.apiKey,
    ...more
  })
