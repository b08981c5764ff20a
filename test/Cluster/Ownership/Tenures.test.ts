import { randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck, Layer, Option, Redacted, Runtime } from "effect"
import * as Tenures from "../../../src/Cluster/Ownership/Tenures.ts"
import * as Postgres from "../../../src/Storage/Postgres.ts"
import { databases, freshSchemaUrl } from "../../support/databases.ts"
import { propertyRuns } from "../../support/propertyRuns.ts"
import { tables, testDatabaseUrl } from "../World.ts"

const server = "br"

describe.each(databases)("The tenures on %s", (_name, database) => {
  const test = (
    title: string,
    body: (
      replica: () => Tenures.Tenures & { readonly me: string }
    ) => Effect.Effect<unknown, unknown>
  ) =>
    it.scopedLive(title, () =>
      Effect.gen(function* () {
        const context = yield* Layer.build(database)
        yield* Effect.provide(tables, context)
        const sql = yield* Effect.provide(SqlClient.SqlClient, context)
        yield* body(() => {
          const me = randomUUID()
          return { me, ...Tenures.make(sql, me) }
        })
      })
    )

  test("raise the epoch by one each, and keep it when they are released", (replica) =>
    Effect.gen(function* () {
      const [one, two] = [replica(), replica()]
      yield* one.ensure(server)
      yield* two.ensure(server)
      expect(yield* one.look(server)).toMatchObject({ epoch: 0, owner: null, wantedBy: null })
      expect(yield* one.take(server, 0)).toEqual(Option.some(1))
      expect(yield* two.take(server, 0)).toEqual(Option.none())
      expect(yield* one.release({ server, epoch: 1, owner: one.me })).toBe(true)
      expect(yield* one.look(server)).toMatchObject({ epoch: 1, owner: null })
      expect(yield* two.take(server, 1)).toEqual(Option.some(2))
      const [holder] = yield* one.holders
      expect(holder).toMatchObject({ server, epoch: 2, owner: two.me })
      expect(holder?.since).toBeInstanceOf(Date)
    }))

  test("are not released by an owner that was followed, not even by the same replica", (replica) =>
    Effect.gen(function* () {
      const [one, two] = [replica(), replica()]
      yield* one.ensure(server)
      yield* one.take(server, 0)
      yield* two.take(server, 1)
      expect(yield* one.release({ server, epoch: 1, owner: one.me })).toBe(false)
      expect(yield* one.release({ server, epoch: 2, owner: one.me })).toBe(false)
      yield* one.take(server, 2)
      expect(yield* one.release({ server, epoch: 1, owner: one.me })).toBe(false)
      expect(yield* two.look(server)).toMatchObject({ epoch: 3, owner: one.me })
    }))

  test("are wanted by one replica, until one takes the server or that one gives up", (replica) =>
    Effect.gen(function* () {
      const [one, two] = [replica(), replica()]
      yield* one.ensure(server)
      yield* one.take(server, 0)
      yield* two.want(server, true)
      yield* one.want(server, false)
      expect(yield* one.look(server)).toMatchObject({ wantedBy: two.me })
      yield* two.want(server, false)
      expect(yield* one.look(server)).toMatchObject({ wantedBy: null })
      yield* two.want(server, true)
      yield* two.take(server, 1)
      expect(yield* one.look(server)).toMatchObject({ owner: two.me, wantedBy: null })
    }))

  test("show to which replica a server was given last", (replica) =>
    Effect.gen(function* () {
      const [one, two] = [replica(), replica()]
      yield* one.ensure(server)
      expect((yield* one.look(server)).placed).toBe(null)
      yield* one.place(server, two.me)
      yield* one.place(server, one.me)
      expect((yield* two.look(server)).placed).toBe(one.me)
    }))
})

type Step = "look" | "take" | "release"

describe.skipIf(testDatabaseUrl === "")("The tenures of two connections", () => {
  const steps = FastCheck.array(
    FastCheck.tuple(
      FastCheck.nat(1),
      FastCheck.constantFrom<Array<Step>>("look", "take", "release")
    ),
    { minLength: 4, maxLength: 24 }
  )

  it.scopedLive(
    "never have one epoch twice, and epochs only grow, in whatever order they act",
    () =>
      Effect.gen(function* () {
        const url = Redacted.make(yield* freshSchemaUrl(testDatabaseUrl))
        const connection = Effect.map(Layer.build(Layer.fresh(Postgres.layer(url))), (context) => ({
          context,
          me: randomUUID()
        }))
        const connections = [yield* connection, yield* connection]
        for (const { context } of connections.slice(0, 1)) yield* Effect.provide(tables, context)
        const run = (plan: ReadonlyArray<readonly [number, Step]>) =>
          Effect.gen(function* () {
            const server = randomUUID()
            const won: Array<number> = []
            const released: Array<number> = []
            const act = ({ context, me }: (typeof connections)[number], own: ReadonlyArray<Step>) =>
              Effect.gen(function* () {
                const tenures = Tenures.make(yield* SqlClient.SqlClient, me)
                yield* tenures.ensure(server)
                let seen = 0
                let held = 0
                for (const step of own) {
                  if (step === "look") {
                    const row = yield* tenures.look(server)
                    expect(row.epoch).toBeGreaterThanOrEqual(seen)
                    seen = row.epoch
                  } else if (step === "take") {
                    const epoch = yield* tenures.take(server, seen)
                    if (Option.isNone(epoch)) continue
                    expect(epoch.value).toBe(seen + 1)
                    won.push(epoch.value)
                    held = seen = epoch.value
                  } else if (yield* tenures.release({ server, epoch: held, owner: me })) {
                    expect(held).toBeGreaterThan(0)
                    released.push(held)
                    held = 0
                  }
                }
              }).pipe(Effect.provide(context))
            yield* Effect.forEach(
              connections,
              (one, index) =>
                act(
                  one,
                  plan.flatMap(([whose, step]) => (whose === index ? [step] : []))
                ),
              { concurrency: "unbounded" }
            )
            expect([...won].sort((left, right) => left - right)).toEqual(
              won.map((_, index) => index + 1)
            )
            expect(new Set(released).size).toBe(released.length)
          })
        const runtime = yield* Effect.runtime<never>()
        yield* Effect.promise(() =>
          FastCheck.assert(
            FastCheck.asyncProperty(steps, (plan) => Runtime.runPromise(runtime)(run(plan))),
            { numRuns: propertyRuns(100) }
          )
        )
      })
  )
})
