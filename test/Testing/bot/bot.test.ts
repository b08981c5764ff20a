import { FetchHttpClient } from "@effect/platform"
import { expect, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { EvolutionListener, Instance, ListenerRegistry, Settings, Sql } from "../../../src/mod.ts"
import { EvolutionSimulator } from "../../../src/Testing/mod.ts"
import { bot } from "./bot.ts"

const simulator = EvolutionSimulator.layer({ linked: ["shop"] })
const program = Effect.map(EvolutionSimulator, ({ apiKey, url }) =>
  Layer.provideMerge(bot({ apiKey, url }), EvolutionListener.layerNoDeps).pipe(
    Layer.provide(Settings.layer({ evolution: { url, apiKey: Redacted.make(apiKey) } })),
    Layer.provide([Sql.layerMemory, FetchHttpClient.layer])
  )
).pipe(Layer.unwrapEffect, Layer.provideMerge(simulator))
const listening = Effect.flatMap(ListenerRegistry.ListenerRegistry, ({ status }) =>
  status(Instance.InstanceName.make("shop")).pipe(
    Effect.filterOrFail(({ _tag }) => _tag === "Listening"),
    Effect.retry(Schedule.spaced("5 millis"))
  )
)

it.live("greets who says hello", () =>
  Effect.gen(function* () {
    const evolution = yield* EvolutionSimulator
    yield* listening
    evolution.text("shop", "5511988887777", "Olá!", { pushName: "Ana" })
    expect((yield* Effect.promise(() => evolution.nextSent())).text).toBe("Olá, Ana!")
  }).pipe(Effect.provide(program))
)
