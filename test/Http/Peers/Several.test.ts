import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { type Frame, open, type Reader } from "../EventStreamReader.ts"
import { haunt } from "./Ghost.ts"
import { type Replica, replica, shop, testDatabaseUrl, until, world } from "./House.ts"

const ids = ["br", "eu", "us"] as const

/** Three servers: `one` owns `br` and `us`, `two` owns `eu`, and `three` none. */
const three = Effect.gen(function* () {
  const built = yield* world(ids)
  const one = yield* replica(built.shared)
  const made = yield* one.call("POST", "/keys", {
    body: { name: "bound", scope: "read", servers: ["us", "eu"] }
  })
  const two = yield* replica(built.shared)
  const third = yield* replica(built.shared)
  yield* built.give("eu", two)
  yield* built.give("br", one)
  yield* built.give("us", one)
  const asBound = { headers: { apikey: String(made.json.key) } }
  return { ...built, asBound, one, two, third }
})

/** Time passes between two requests. */
const timeless = (text: string) =>
  JSON.parse(
    text
      .replaceAll(/"ageSeconds":\d+/g, '"ageSeconds":0')
      .replaceAll(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g, "null")
      .replaceAll(/"attempt":\d+/g, '"attempt":0')
  )

describe.skipIf(testDatabaseUrl === "")(
  "replicas with servers of their own",
  { timeout: 180_000 },
  () => {
    it.scopedLive("give one list of instances and one summary, whichever is asked", () =>
      Effect.gen(function* () {
        const { asBound, one, sql, third, two } = yield* three
        const answers = (path: string, init = {}) =>
          Effect.forEach([one, two, third], ({ call }) =>
            Effect.map(call("GET", path, init), ({ status, text }) => [status, timeless(text)])
          )
        for (const [path, init] of [
          ["/instances", {}],
          ["/instances?server=eu", {}],
          ["/instances?server=us", asBound],
          ["/instances", asBound],
          ["/summary", {}],
          ["/summary?server=eu", {}],
          ["/summary?server=br", asBound],
          ["/summary", asBound]
        ] as const) {
          const [first, second, last] = yield* answers(path, init)
          expect(second, path).toEqual(first)
          expect(last, path).toEqual(first)
        }
        const [[, list] = []] = yield* answers("/instances")
        expect(list.map((row: { name: string; server: string }) => [row.server, row.name])).toEqual(
          ids.flatMap((id) => [id, shop].sort().map((name) => [id, name]))
        )
        const [[, summary] = []] = yield* answers("/summary", asBound)
        expect(summary.servers.map(({ server }: { server: string }) => server)).toEqual([
          "eu",
          "us"
        ])

        yield* haunt(sql, "us")
        yield* until(
          Effect.sync(() => one.owns("us")),
          (isOwner) => !isOwner
        )
        for (const path of ["/instances", "/summary"]) {
          const { headers, json, status } = yield* third.call("GET", path)
          expect([status, json, headers["retry-after"]]).toEqual([
            503,
            {
              _tag: "ServerUnowned",
              message: 'No replica owns the server "us" at the moment: try again in 2 s'
            },
            "2"
          ])
        }
        expect((yield* third.call("GET", "/summary?server=eu")).json._tag).toBe("ServerUnowned")
        expect((yield* third.call("GET", "/instances?server=eu")).status).toBe(200)
      })
    )

    it.scopedLive("tell every reader of the changes of listeners' states, once", () =>
      Effect.gen(function* () {
        const { asBound, give, one, third, two } = yield* three
        const readers = yield* Effect.forEach([one, two, third], ({ url }) =>
          open(url, "/events/stream")
        )
        const bound = yield* open(third.url, "/events/stream", asBound.headers)

        /** Stops and starts the instance of a server again and again, until each of these was told of two rounds. */
        const expectNotes = (server: string, from: Replica, told: ReadonlyArray<Reader>) =>
          Effect.gen(function* () {
            const give = (command: string) =>
              from.call("POST", `/instances/${shop}/${command}?server=${server}`)
            const toggling = yield* Effect.fork(
              Effect.forever(Effect.zipRight(give("stop"), give("start")))
            )
            const stateIn = ({ data, event }: Frame) =>
              event === "status" && Object(data).server === server && Object(data).name === shop
                ? [String(Object(data).state._tag)]
                : []
            for (const reader of told) {
              const isStopped = (frame: Frame) => stateIn(frame).includes("Stopped")
              // A replica that has just found the owner may be told of a state in the midst.
              yield* reader.takeUntil(isStopped)
              const rounds = [
                yield* reader.takeUntil(isStopped),
                yield* reader.takeUntil(isStopped)
              ]
              for (const frames of rounds)
                expect(frames.flatMap(stateIn)).toEqual(["Connecting", "Listening", "Stopped"])
            }
            yield* Fiber.interrupt(toggling)
            yield* give("start")
          })
        yield* expectNotes("eu", third, [...readers, bound])
        yield* expectNotes("br", two, readers)
        yield* give("us", third)
        yield* expectNotes("us", two, [...readers, bound])
        expect(bound.pending()).not.toContain('"server":"br"')
      })
    )
  }
)
