import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, HashMap, Layer, Logger } from "effect"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { storage } from "../support/databases.ts"
import { settings } from "../support/settings.ts"

/** The annotations of the first log lines that say "Listening", as many as there are names. */
const linesOf = (names: ReadonlyArray<string>, variables: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const done = yield* Deferred.make<ReadonlyArray<Record<string, unknown>>>()
    const lines: Array<Record<string, unknown>> = []
    const logger = Logger.make(({ annotations, message }) => {
      if (String(message) !== "Listening") return
      lines.push(Object.fromEntries(HashMap.toEntries(annotations)))
      if (lines.length === names.length) Deferred.unsafeDone(done, Effect.succeed(lines))
    })
    yield* Layer.build(
      EvolutionListener.layer.pipe(
        Layer.provide(settings({ ...variables, ...(yield* storage) })),
        Layer.provide(Logger.replace(Logger.defaultLogger, logger))
      )
    )
    const found = yield* Deferred.await(done)
    return found.map(({ instance, server }) => [instance, server]).sort()
  })

describe("The log line of a listener", { timeout: 60_000 }, () => {
  it.scopedLive("names the server, where there are several", () =>
    Effect.gen(function* () {
      const [eu, br] = [yield* scopedSimulator(), yield* scopedSimulator()]
      for (const evolution of [eu, br]) evolution.addLinked("loja")
      const lines = yield* linesOf(["loja", "loja"], {
        EVOLUTION_SERVERS: "eu,br",
        EVOLUTION_API_URL__EU: eu.url,
        EVOLUTION_API_KEY__EU: eu.apiKey,
        EVOLUTION_API_URL__BR: br.url,
        EVOLUTION_API_KEY__BR: br.apiKey
      })
      expect(lines).toEqual([
        ["loja", "br"],
        ["loja", "eu"]
      ])
    })
  )

  it.scopedLive("names the instance alone, where there is one server", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      evolution.addLinked("loja")
      const lines = yield* linesOf(["loja"], {
        EVOLUTION_API_URL: evolution.url,
        EVOLUTION_API_KEY: evolution.apiKey
      })
      expect(lines).toEqual([["loja", undefined]])
    })
  )
})
