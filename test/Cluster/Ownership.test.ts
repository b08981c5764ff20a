/** Time is real here: the engine compares times of the database, and a takeover is a promise in seconds. */
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { hasPooler, pooled } from "../support/Pooler.ts"
import { longestVacancy, makeWorld, owns, testDatabaseUrl } from "./World.ts"

const servers = ["br", "eu"]

/** Two replicas, each of which owns one of two servers. */
const shared = Effect.fn(function* <R = never>(
  between?: (url: string) => Effect.Effect<string, unknown, R>
) {
  const world = yield* makeWorld(between)
  const one = yield* world.start("one", { servers })
  for (const server of servers) yield* world.until(owns("one", server))
  const two = yield* world.start("two", { servers })
  const { server: moved, tenure } = yield* world.until(owns("two"))
  const kept = servers.find((server) => server !== moved) ?? ""
  return { world, one, two, moved, kept, tenure }
})

const tick = Effect.sleep("100 millis")

describe.skipIf(testDatabaseUrl === "")("Ownership of several replicas", () => {
  const moves = Effect.fn(function* <R = never>(
    between?: (url: string) => Effect.Effect<string, unknown, R>
  ) {
    const { kept, moved, one, tenure, two, world } = yield* shared(between)
    expect(tenure).toEqual({ server: moved, epoch: 2, owner: two.ownership.me, reason: "handover" })
    const [prepared = -1, ended = -1] = ["two prepared", "one ends"].map((wanted) =>
      world.journal.findIndex(
        ({ replica, server, what }) => `${replica} ${what}` === wanted && server === moved
      )
    )
    expect(prepared).toBeGreaterThan(0)
    expect(ended).toBeGreaterThan(prepared)
    expect(longestVacancy(world.journal, moved)).toBeLessThan(1)
    expect(yield* one.ownership.held).toMatchObject([{ server: kept, epoch: 1, reason: "start" }])
    const replicas = yield* one.ownership.replicas
    expect(replicas.map(({ address, id }) => [address, id])).toEqual([
      ["one", one.ownership.me],
      ["two", two.ownership.me]
    ])

    const from = world.journal.length
    yield* one.stop
    expect((yield* world.until(owns("two", kept), from)).tenure?.reason).toBe("handover")
    expect(longestVacancy(world.journal, kept)).toBeLessThan(1)
    expect((yield* two.ownership.replicas).map(({ address }) => address)).toEqual(["two"])
    yield* two.stop
    const { holders } = yield* Effect.provide(
      Effect.map(SqlClient.SqlClient, (sql) => ({
        holders: sql`select epoch::int, owner from servers where id <> 'default' order by epoch`
      })),
      world.database
    )
    expect(yield* holders).toEqual([
      { epoch: 2, owner: null },
      { epoch: 2, owner: null }
    ])
  })

  it.scopedLive(
    "moves a server when a replica joins or stops: the new link is up first, and the gap is below a second",
    () => moves()
  )

  it.scopedLive.skipIf(!hasPooler)("does so behind PgBouncer in transaction mode", () =>
    moves((url) => pooled(url, { pool_mode: "transaction", default_pool_size: 4 }))
  )

  it.scopedLive("gives the servers of a replica that is cut off to another within 8 s", () =>
    Effect.gen(function* () {
      const { kept, one, two, world } = yield* shared()
      const from = world.journal.length
      const cut = performance.now()
      one.proxy.refuse()
      one.proxy.reset()
      expect((yield* world.until(owns("two", kept), from)).tenure).toMatchObject({
        reason: "takeover",
        epoch: 2
      })
      expect(performance.now() - cut).toBeLessThan(8000)
      // The owner that cannot look goes on: its writes wait for the database, which refuses them.
      expect(yield* one.ownership.held).toMatchObject([{ server: kept, epoch: 1 }])
      one.proxy.pass()
      yield* world.until(({ replica, what }) => replica === "one" && what === "ends", from)
      const ours = (yield* two.ownership.holders).filter(({ server }) => server !== "default")
      expect(ours.filter(({ epoch }) => epoch < 2)).toEqual([])
    })
  )

  it.scopedLive("hands a server over on demand, and lets it stay where it was given", () =>
    Effect.gen(function* () {
      const { kept, one, two, world } = yield* shared()
      const from = world.journal.length
      expect(yield* one.ownership.handOver(kept)).toBe(two.ownership.me)
      expect((yield* world.until(owns("two", kept), from)).tenure?.reason).toBe("handover")
      expect(longestVacancy(world.journal, kept)).toBeLessThan(1)
      // The engine looks every half second, and would have moved it back.
      yield* Effect.sleep("2 seconds")
      expect(yield* two.ownership.held).toHaveLength(2)
      const before = world.journal.length
      yield* two.stop
      for (const server of servers) yield* world.until(owns("one", server), before)
    })
  )

  it.scopedLive("does not hand a server over when no other replica lives", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const one = yield* world.start("one", { servers: ["br"] })
      yield* world.until(owns("one"))
      expect(yield* Effect.flip(one.ownership.handOver("br"))).toMatchObject({ _tag: "NoHeir" })
      yield* one.stop
    })
  )
})

describe.skipIf(testDatabaseUrl === "")("A replica without a link", () => {
  it.scopedLive("gives the server to one that has a link, and does not take it back", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const one = yield* world.start("one", {
        servers: ["br"],
        prepare: Effect.fail("no route to Evolution"),
        own: (_tenure, _link, linkIs) => Effect.zipRight(linkIs(false), Effect.never),
        timing: { linkDownFor: Duration.millis(500) }
      })
      // Alone it is still the owner, as somebody has to note the gap.
      yield* world.until(owns("one"))
      const two = yield* world.start("two", { servers: ["br"] })
      expect((yield* world.until(owns("two"))).tenure?.reason).toBe("handover")
      expect(longestVacancy(world.journal, "br")).toBeLessThan(1)
      yield* Effect.sleep("2 seconds")
      expect(yield* two.ownership.held).toHaveLength(1)
      expect(yield* one.ownership.held).toEqual([])
      const [first] = yield* two.ownership.replicas
      expect(first?.unable).toEqual(["br"])
    })
  )

  it.scopedLive("keeps the server while no other replica has a link", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      let attempts = 0
      const one = yield* world.start("one", {
        servers: ["br"],
        own: (_tenure, _link, linkIs) => Effect.zipRight(linkIs(false), Effect.never),
        timing: { linkDownFor: Duration.millis(500) }
      })
      yield* world.until(owns("one"))
      yield* world.start("two", {
        servers: ["br"],
        prepare: Effect.suspend(() => {
          attempts++
          return Effect.fail("no route to Evolution")
        })
      })
      yield* Effect.repeat(tick, { until: () => attempts > 0 })
      yield* Effect.sleep("3 seconds")
      expect(attempts).toBeLessThanOrEqual(2)
      expect(yield* one.ownership.held).toMatchObject([{ server: "br", epoch: 1 }])
    })
  )
})
