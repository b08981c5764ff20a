import type { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, Effect, Exit, Layer, Queue, Scope, TestClock, TestServices } from "effect"
import { Ownership } from "../../../src/Cluster/Ownership.ts"
import { Fenced, type Tenure } from "../../../src/Domain/Tenure.ts"
import { databases } from "../../support/databases.ts"
import { tables } from "../World.ts"

const server = "default"

/** Lets time go by until the effect is done, slowly enough for the statements meanwhile. */
const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(
    effect,
    Effect.forever(
      Effect.zipRight(
        TestClock.adjust("100 millis"),
        TestServices.provideLive(Effect.sleep("10 millis"))
      )
    )
  )

/** A process alone: what it began to own and ceased to own, in turn. */
const start = (database: Context.Context<SqlClient.SqlClient>, own = Effect.never as Own) =>
  Effect.gen(function* () {
    const scope = yield* Effect.acquireRelease(Scope.make(), (open) => Scope.close(open, Exit.void))
    const layer = Layer.provide(Layer.fresh(Ownership.layerSingle), Layer.succeedContext(database))
    const ownership = Context.get(yield* Layer.buildWithScope(layer, scope), Ownership)
    const told = yield* Queue.unbounded<readonly ["owns" | "ends", Tenure, number]>()
    const tell = (what: "owns" | "ends", tenure: Tenure) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) =>
        Queue.offer(told, [what, tenure, at] as const)
      )
    yield* Scope.extend(
      ownership.run(server, {
        prepare: () => Effect.dieMessage("nobody else listens meanwhile"),
        own: (tenure) =>
          Effect.acquireRelease(tell("owns", tenure), () => tell("ends", tenure)).pipe(
            Effect.zipRight(own),
            Effect.scoped
          )
      }),
      scope
    )
    return { ownership, next: Queue.take(told), stop: Scope.close(scope, Exit.void) }
  })

type Own = Effect.Effect<never, Fenced>

describe.each(databases)("The ownership of a process alone, on %s", (_name, database) => {
  const test = (
    title: string,
    body: (
      context: Context.Context<SqlClient.SqlClient>
    ) => Effect.Effect<unknown, unknown, Scope.Scope>
  ) =>
    it.scoped(title, () =>
      Effect.gen(function* () {
        // A migration waits for one of another suite.
        const context = yield* TestServices.provideLive(Layer.build(database))
        yield* Effect.provide(tables, context)
        yield* body(context)
      })
    )

  test("begins at once, and ends with the process, which releases the server", (context) =>
    Effect.gen(function* () {
      const one = yield* start(context)
      const tenure = { server, epoch: 1, owner: one.ownership.me, reason: "start" }
      expect(yield* one.next).toEqual(["owns", tenure, 0])
      expect(yield* one.ownership.held).toEqual([tenure])
      yield* one.stop
      expect(yield* one.next).toEqual(["ends", tenure, 0])
      expect(yield* one.ownership.holders).toMatchObject([{ server, epoch: 1, owner: null }])
      expect((yield* (yield* start(context)).next)[1]).toMatchObject({ epoch: 2, reason: "start" })
    }))

  test("is taken from a process that did not release it, which finds out and leaves it alone", (context) =>
    Effect.gen(function* () {
      const old = yield* start(context)
      yield* old.next
      const young = yield* start(context)
      expect((yield* young.next)[1]).toMatchObject({ epoch: 2, reason: "takeover" })
      const [what, , at] = yield* inTime(old.next)
      expect(what).toBe("ends")
      // It looks every 5 s.
      expect(at).toBeLessThanOrEqual(10_000)
      yield* TestClock.adjust("1 minute")
      yield* old.stop
      expect(yield* young.ownership.holders).toMatchObject([
        { epoch: 2, owner: young.ownership.me }
      ])
      expect(yield* old.ownership.held).toEqual([])
    }))

  test("ends by a write that is refused as fenced", (context) =>
    Effect.gen(function* () {
      const fenced = Fenced.of({ server, epoch: 1, owner: "any", reason: "start" })
      const one = yield* start(context, Effect.fail(fenced))
      yield* one.next
      expect((yield* one.next)[0]).toBe("ends")
      yield* one.stop
      expect(yield* one.ownership.holders).toMatchObject([{ epoch: 1, owner: one.ownership.me }])
    }))

  test("begins again after its work has died, later each time", (context) =>
    Effect.gen(function* () {
      const one = yield* start(context, Effect.dieMessage("a bug"))
      yield* one.next
      for (const [count, pause] of [1, 2, 4, 8].entries()) {
        const [ended, , from] = yield* one.next
        const [began, { epoch, reason }, to] = yield* inTime(one.next)
        expect([ended, began, epoch, reason]).toEqual(["ends", "owns", count + 2, "restart"])
        expect(to - from).toBeGreaterThanOrEqual(pause * 1000)
        expect(to - from).toBeLessThan(pause * 1000 + 2000)
      }
    }))

  test("hands over to nobody", (context) =>
    Effect.gen(function* () {
      const { ownership } = yield* start(context)
      expect(yield* Effect.flip(ownership.handOver(server))).toMatchObject({
        _tag: "NoHeir",
        server
      })
      expect(yield* ownership.replicas).toEqual([])
    }))
})
