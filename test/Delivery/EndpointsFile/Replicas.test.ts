/** Time is real here: starts go by a real Postgres, side by side. */
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Endpoints } from "../../../src/Delivery/Endpoints.ts"
import * as EndpointsFile from "../../../src/Delivery/EndpointsFile.ts"
import { replica, schema, testDatabaseUrl, withinOneSecond } from "../../Access/Replicas.ts"
import { settings } from "../../support/settings.ts"
import { variables } from "../Endpoints/House.ts"
import { fileOf } from "./House.ts"

const hook = (name: string, url = `https://${name}.example.com/`) => ({
  name,
  target: { type: "webhook", url }
})

const start = (url: string, ...endpoints: ReadonlyArray<object>) =>
  Effect.gen(function* () {
    const ENDPOINTS_FILE = yield* fileOf(JSON.stringify({ endpoints }))
    const { services } = yield* replica(
      url,
      "notices",
      EndpointsFile.layer.pipe(
        Layer.provideMerge(Endpoints.layer),
        Layer.provide(settings({ ...variables, ENDPOINTS_FILE }))
      )
    )
    return Context.get(services, Endpoints)
  })

const states = ({ all }: Endpoints["Type"]) =>
  Effect.map(all, (found) =>
    found.map(({ settings: { name }, state }) => `${name} ${state}`).sort()
  )

describe.skipIf(testDatabaseUrl === "")(
  "the file of endpoints of several replicas",
  { timeout: 60_000 },
  () => {
    it.scopedLive("is applied once by those that start at the same time", () =>
      Effect.gen(function* () {
        const url = yield* schema
        const stores = yield* Effect.all(
          Array.from({ length: 4 }, () => start(url, hook("a"), hook("b"))),
          { concurrency: "unbounded" }
        )
        const [first] = stores
        const all = first === undefined ? [] : yield* first.all
        expect(all).toHaveLength(2)
        for (const store of stores) {
          yield* store.refresh
          expect(yield* store.all).toEqual(all)
        }
      })
    )

    it.scopedLive("beside calls that change the same endpoints ends, and stands", () =>
      Effect.gen(function* () {
        const url = yield* schema
        const running = yield* start(url, hook("a"), hook("b"))
        const all = yield* running.all
        const busy = Effect.forEach(
          Array.from({ length: 8 }),
          () =>
            Effect.forEach(all, ({ id }) => Effect.zipRight(running.pause(id), running.resume(id))),
          { discard: true }
        )
        const starts = Effect.forEach(
          ["https://one.example.com/", "https://two.example.com/", "https://three.example.com/"],
          (address) => start(url, hook("a", address), hook("b", address)),
          { discard: true }
        )
        yield* Effect.all([busy, starts], { concurrency: "unbounded" })
        yield* running.refresh
        for (const { settings } of yield* running.all)
          expect(settings.target).toMatchObject({ url: "https://three.example.com/" })
      })
    )

    it.scopedLive("is that of the last start, and a restart of an old replica loses nothing", () =>
      Effect.gen(function* () {
        const url = yield* schema
        const older = [hook("a"), hook("removed")]
        const newer = [hook("a", "https://new.example.com/"), hook("added")]
        const old = yield* start(url, ...older)
        const ids = new Set((yield* old.all).map(({ id }) => id))
        const next = yield* start(url, ...newer)
        for (const { id } of yield* next.all) ids.add(id)
        yield* withinOneSecond(states(old), (found) => found.includes("removed disabled"))

        const again = yield* start(url, ...older)
        expect(yield* states(again)).toEqual(["a active", "added disabled", "removed active"])
        yield* withinOneSecond(states(next), (found) => found.includes("added disabled"))

        const last = yield* start(url, ...newer)
        expect(yield* states(last)).toEqual(["a active", "added active", "removed disabled"])
        // Cursors belong to the id and the generation.
        const all = yield* last.all
        expect(new Set(all.map(({ id }) => id))).toEqual(ids)
        expect(all.map(({ generation }) => generation)).toEqual([0, 0, 0])
      })
    )
  }
)
