import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"
import { settings } from "../support/settings.ts"

describe("The settings of endpoints", () => {
  it.effect("are not set where Compose passes them on empty", () =>
    Effect.gen(function* () {
      const { encryptionKeys, file } = yield* AppConfig.endpoints
      expect(encryptionKeys).toEqual([])
      expect(file).toEqual(Option.none())
    }).pipe(Effect.provide(settings({ ENCRYPTION_KEY: "", ENDPOINTS_FILE: "" })))
  )
})
