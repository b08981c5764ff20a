import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { house, type Id, message, only, shop } from "./House.ts"

const [bad, good] = ["north", ["south", "inner"]] as const
const count = 20

describe("one of three servers in trouble", { timeout: 240_000 }, () => {
  it.scopedLive("touches no listener of the others, and the metrics and the summary name it", () =>
    Effect.gen(function* () {
      const service = yield* house(count)
      const { call, logged, metrics, post, simulators, summary, until } = service
      const north = simulators[bad]

      /** The states of the listeners of the others, with the times since when they are so, and their dials. */
      const others = Effect.gen(function* () {
        const value = yield* metrics
        const statuses = yield* Effect.forEach(good, (id) => call("GET", `/instances?server=${id}`))
        const dials = good.flatMap((server) =>
          ["up", "connection_lost", "not_reached", "upgrade_refused"].map((outcome) =>
            value("dials_total", { outcome, server })
          )
        )
        const states = statuses.map(({ text }) =>
          text.match(/"listener":\{"state":\{"_tag":"\w+","since":"[^"]+"/g)
        )
        return { dials, states }
      })
      const before = yield* others
      expect(before.states.flat()).toHaveLength(2 * (count + 1))
      expect(before.dials.filter((dials) => dials !== undefined && dials > 0)).toHaveLength(2)

      const expectUntouched = (title: string) =>
        Effect.gen(function* () {
          for (const id of good) {
            message(simulators[id], shop(1), `${title} at ${id}`)
            yield* logged(`${title} at ${id}`)
          }
          expect(yield* others, title).toEqual(before)
        })
      const conditionOf = (id: Id) =>
        Effect.map(
          summary(),
          ({ servers }) => servers.find(({ server }) => server === id)?.condition
        )
      const becomes = (conditions: ReadonlyArray<string>) =>
        until(
          Effect.zipLeft(
            conditionOf(bad),
            post(`/instances/${only(bad)}/restart?server=${bad}`, "")
          ),
          (condition) => conditions.includes(condition ?? "")
        )

      north.slow({ answerMillis: 20_000, eventMillis: 20_000 })
      const slow = yield* Effect.fork(
        post("/instances?server=north", JSON.stringify({ name: "slowly" }))
      )
      yield* until(
        Effect.sync(() => north.calls().length),
        (calls) => calls > 0
      )
      yield* expectUntouched("slow")
      north.endFaults()
      yield* slow

      yield* Effect.promise(north.stop)
      yield* becomes(["not_reached", "no_link"])
      yield* expectUntouched("down")

      north.refuse("license")
      yield* Effect.promise(north.start)
      yield* becomes(["license_required"])
      yield* expectUntouched("without a licence")

      north.endFaults()
      north.changeKey("another key, that nobody knows")
      north.drop()
      yield* becomes(["key_refused"])
      yield* expectUntouched("with another key")

      const value = yield* metrics
      const listening = (server: string) => value("listeners", { state: "listening", server })
      expect(listening(bad)).toBeLessThan(count + 1)
      expect(good.map(listening)).toEqual([count + 1, count + 1])
      expect(good.map((server) => value("oldest_open_gap_seconds", { server }))).toEqual([0, 0])
      expect(value("oldest_open_gap_seconds", { server: bad })).toBeGreaterThan(0)
      expect(value("dials_total", { outcome: "upgrade_refused", server: bad })).toBeGreaterThan(0)
      expect(value("listeners", { state: "listening" })).toBeUndefined()
      const { message: sentence } = (yield* call("GET", "/summary?server=north")).json as {
        readonly message: string
      }
      expect(sentence).toContain("EVOLUTION_API_KEY__NORTH")
      // The service itself is well, whatever Evolution is.
      expect((yield* call("GET", "/health/ready")).status).toBe(200)
    })
  )
})
