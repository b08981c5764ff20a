import { SqlError } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Stream, TestClock } from "effect"
import * as AutoStart from "../../src/AutoStart.ts"
import { ListenerRegistry } from "../../src/ListenerRegistry.ts"
import { Pacing } from "../../src/Pacing.ts"
import { Upstream } from "../../src/Upstream.ts"
import { sourceOf } from "../support/doubles.ts"
import { settings } from "../support/settings.ts"

describe("AutoStart, while the database is away", () => {
  it.scoped("tries again until what is wanted is written down", () =>
    Effect.gen(function* () {
      const failed = yield* Deferred.make<void>()
      const started = yield* Deferred.make<string>()
      let failures = 3
      const registry = Layer.mock(ListenerRegistry, {
        start: (name) =>
          Effect.suspend(() =>
            failures-- > 0
              ? Effect.zipRight(
                  Deferred.succeed(failed, undefined),
                  new SqlError.SqlError({ cause: new Error("connect ECONNREFUSED") })
                )
              : Effect.asVoid(Deferred.succeed(started, name))
          )
      })
      const source = sourceOf({
        created: Effect.succeed(Stream.concat(Stream.make("shop-1"), Stream.never))
      })
      const upstream = Layer.succeed(Upstream, { awaitReturn: Effect.never })
      yield* Layer.build(
        AutoStart.layer.pipe(
          Layer.provide(Pacing.layer),
          Layer.provide([registry, source, upstream]),
          Layer.provide(settings({ AUTO_START: "true" }))
        )
      )
      yield* Deferred.await(failed)
      // Each try asks the clock anew, so the clock goes on until the last.
      yield* Effect.fork(Effect.forever(TestClock.adjust("1 second")))
      expect(yield* Deferred.await(started)).toBe("shop-1")
      expect(failures).toBe(-1)
    })
  )
})
