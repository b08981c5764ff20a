import { describe, expect, it } from "@effect/vitest"
import { type ConfigError, Effect, HashMap, Layer, Logger, Option, Queue } from "effect"
import type { Settings } from "../../src/AppConfig/Settings.ts"
import * as Warnings from "../../src/Command/Warnings.ts"
import { Probe } from "../../src/Evolution/Probe.ts"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { evolutionAt, settings } from "../support/settings.ts"

/** What the log says, line by line, while the layer lives. */
const warned = (environment: Layer.Layer<Settings, ConfigError.ConfigError>) =>
  Effect.gen(function* () {
    const said = yield* Queue.unbounded<string>()
    const log = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ annotations, logLevel, message }) => {
        const server = Option.map(HashMap.get(annotations, "server"), (id) => ` server=${id}`)
        said.unsafeOffer(`${logLevel.label} ${message}${Option.getOrElse(server, () => "")}`)
      })
    )
    yield* Layer.build(Warnings.layer.pipe(Layer.provide(environment), Layer.provide(log)))
    return said
  })

describe("the warnings at the start", () => {
  it.scopedLive("name the risks of Evolution's version and its sockets, once it answers", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator({ version: "2.3.1", isAllowedHost: true })
      const said = yield* warned(evolutionAt(evolution))
      expect(yield* said.take).toMatch(/^WARN version: Evolution 2\.3\.1 is too old/)
      expect(yield* said.take).toMatch(/^WARN socket without a key: Evolution let us in/)
    })
  )

  it.scopedLive("name a key that is only one instance's", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      const { token } = evolution.add("shop-1")
      evolution.add("shop-2")
      const said = yield* warned(evolutionAt({ url: evolution.url, apiKey: token }))
      expect(yield* said.take).toMatch(/^WARN key: it is the token of one instance, and not/)
    })
  )

  it.scopedLive("name the risks of the settings, also while Evolution does not answer", () =>
    Effect.gen(function* () {
      const said = yield* warned(
        settings({
          EVOLUTION_API_URL: "http://127.0.0.1:9",
          EVOLUTION_API_KEY: "429683C4C977415CAAFCCE10F7D57E11",
          NODE_TLS_REJECT_UNAUTHORIZED: "0"
        })
      )
      expect([...(yield* said.takeAll)]).toEqual([
        expect.stringMatching(
          /^WARN EVOLUTION_API_KEY is public: it is the key in Evolution's public/
        ),
        expect.stringMatching(/^WARN NODE_TLS_REJECT_UNAUTHORIZED: it is 0/)
      ])
    })
  )

  it.scopedLive("name each server that they are about, and its own variables", () =>
    Effect.gen(function* () {
      const eu = yield* scopedSimulator({ version: "2.3.1", isAllowedHost: true })
      const said = yield* warned(
        settings({
          EVOLUTION_SERVERS: "br,eu",
          EVOLUTION_API_URL__BR: "http://127.0.0.1:9",
          EVOLUTION_API_KEY__BR: "short",
          EVOLUTION_API_URL__EU: eu.url,
          EVOLUTION_API_KEY__EU: eu.apiKey,
          API_KEY: "short"
        })
      )
      const lines = yield* Effect.forEach([1, 2, 3, 4], () => said.take)
      expect(lines).toEqual([
        expect.stringMatching(/^WARN EVOLUTION_API_KEY__BR is weak: it has .* server=br$/),
        expect.stringMatching(/^WARN API_KEY is weak: it has [^=]*$/),
        expect.stringMatching(/^WARN version: Evolution 2\.3\.1 is too old.* server=eu$/),
        expect.stringMatching(/^WARN socket without a key: .* server=eu$/)
      ])
    })
  )

  it.scopedLive("are none without a risk", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      const environment = evolutionAt(evolution)
      const said = yield* warned(environment)
      yield* Effect.provide(Warnings.ofEvolution, Layer.provideMerge(Probe.layer, environment))
      expect([...(yield* said.takeAll)]).toEqual([])
    })
  )
})
