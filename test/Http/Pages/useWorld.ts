import { afterAll, beforeAll } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { scopedWorld, type World } from "./World.ts"

/** One world for the tests of a suite. */
export const useWorld = (): (() => World) => use(scopedWorld)

export const use = <A>(make: Effect.Effect<A, unknown, Scope.Scope>): (() => A) => {
  const scope = Effect.runSync(Scope.make())
  let world: A | undefined
  beforeAll(async () => {
    world = await Effect.runPromise(Scope.extend(make, scope))
  }, 60_000)
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return () => {
    if (world === undefined) throw new Error("The world is not there yet")
    return world
  }
}
