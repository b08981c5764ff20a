/** The settings of two servers, and the lines of a start with them. */
import { expect } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as AppConfig from "../../src/AppConfig.ts"

export type Variables = Readonly<Record<string, string>>

/** Two servers that lack nothing. */
export const two: Variables = {
  EVOLUTION_SERVERS: "eu,br-2",
  EVOLUTION_API_URL__EU: "http://eu.example.com",
  EVOLUTION_API_KEY__EU: "key-of-eu",
  EVOLUTION_API_URL__BR_2: "http://br.example.com",
  EVOLUTION_API_KEY__BR_2: "key-of-br"
}

export const from = (variables: Variables) =>
  Settings.layerFrom(ConfigProvider.fromMap(new Map(Object.entries(variables))))

/** Sets variables of this process while an effect runs. */
const inEnvironment =
  (variables: Variables) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const before = { ...process.env }
        Object.assign(process.env, variables)
        return before
      }),
      () => effect,
      (before) =>
        Effect.sync(() => {
          for (const name of Object.keys(variables)) delete process.env[name]
          Object.assign(process.env, before)
        })
    )

export const told = Effect.match(AppConfig.everything, {
  onSuccess: (): ReadonlyArray<string> => [],
  onFailure: AppConfig.explain
})

/** The lines of a start, which are the same for a map and for the environment. */
export const linesOf = (variables: Variables) =>
  Effect.gen(function* () {
    const lines = yield* Effect.provide(told, from(variables))
    const others = yield* Effect.provide(told, Settings.layerFrom(ConfigProvider.fromEnv())).pipe(
      inEnvironment(variables)
    )
    expect(others).toEqual(lines)
    return lines
  })
