import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import { Guard } from "../../src/Delivery/Guard.ts"

const evolution = { url: "http://localhost:8080", apiKey: Redacted.make("evolution-key-9") }

const isFree = (url: string) =>
  Effect.map(Guard, (guard) => guard.objection(new URL(url)) === undefined)

describe("The guard of the service", () => {
  it.effect("opens the networks of the setting, and no other", () =>
    Effect.gen(function* () {
      const settings = Settings.layer({ evolution, endpoints: { allow: ["private"] } })
      const passes = (url: string) =>
        isFree(url).pipe(Effect.provide(Layer.provide(Guard.layer, settings)))
      expect(yield* passes("http://10.1.2.3:5678/")).toBe(true)
      expect(yield* passes("http://127.0.0.1/")).toBe(false)
      expect(yield* passes("http://169.254.1.1/")).toBe(false)
      expect(yield* passes("http://[fd00:ec2::254]/")).toBe(false)
      expect(yield* passes("http://[fd12::1]/")).toBe(true)
    })
  )

  it.effect("opens none by default", () =>
    Effect.gen(function* () {
      const environment = Layer.setConfigProvider(
        ConfigProvider.fromMap(
          new Map([
            ["EVOLUTION_API_URL", "http://localhost:8080"],
            ["EVOLUTION_API_KEY", "evolution-key-9"]
          ])
        )
      )
      const layer = Guard.layer.pipe(
        Layer.provide(Settings.layerFromEnv),
        Layer.provide(environment)
      )
      expect(yield* Effect.provide(isFree("https://10.1.2.3/"), layer)).toBe(false)
      expect(yield* Effect.provide(isFree("https://8.8.8.8/"), layer)).toBe(true)
    })
  )
})
