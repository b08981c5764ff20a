/** Time is real here: changes go by a real Postgres. */
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, Stream } from "effect"
import { Endpoints } from "../../../src/Delivery/Endpoints.ts"
import {
  replica,
  schema,
  testDatabaseUrl,
  type Way,
  ways,
  withinOneSecond
} from "../../Access/Replicas.ts"
import { settings } from "../../support/settings.ts"
import { hook, variables } from "./House.ts"

const start = (url: string, way: Way) =>
  Effect.map(
    replica(url, way, Layer.provide(Endpoints.layer, settings(variables))),
    ({ services }) => Context.get(services, Endpoints)
  )

describe.skipIf(testDatabaseUrl === "").each(ways)(
  "The endpoints of two processes, by %s",
  { timeout: 60_000 },
  (way) => {
    it.scopedLive("are the same within a second, and their followers are told", () =>
      Effect.gen(function* () {
        const url = yield* schema
        const [one, other] = yield* Effect.all([start(url, way), start(url, way)])
        const names = Effect.map(other.all, (all) => all.map(({ settings }) => settings.name))
        const news = yield* Stream.toPull(other.changes)
        yield* news
        const { endpoint } = yield* one.create({ settings: hook })
        yield* withinOneSecond(names, (found) => found.includes("n8n"))
        yield* news
        expect((yield* other.credentials(endpoint.id)).signing).toHaveLength(1)
        yield* other.update(endpoint.id, { name: "flow" })
        yield* withinOneSecond(one.get(endpoint.id), ({ settings }) => settings.name === "flow")
        yield* one.disable(endpoint.id, "gone")
        yield* withinOneSecond(other.get(endpoint.id), ({ state }) => state === "disabled")
        yield* one.remove(endpoint.id)
        yield* withinOneSecond(names, (found) => found.length === 0)
      })
    )

    it.scopedLive("are known at once to one that looks", () =>
      Effect.gen(function* () {
        const url = yield* schema
        const [one, other] = yield* Effect.all([start(url, way), start(url, way)])
        const { endpoint } = yield* one.create({ settings: hook })
        yield* other.refresh
        expect(yield* other.get(endpoint.id)).toEqual(endpoint)
        yield* one.remove(endpoint.id)
        yield* other.refresh
        expect(yield* other.all).toEqual([])
      })
    )
  }
)
