import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { clients, heardBy } from "./Clients.ts"
import { house, textOf, turns } from "./Stream.ts"

/** A stream of two events, with silence before, between and behind them. */
const withSilence = (notes: boolean | undefined) =>
  Effect.gen(function* () {
    const { commit, read } = yield* house()
    const { pieces } = yield* read({ notes })
    const silence = Effect.zipRight(TestClock.adjust("46 seconds"), turns(20))
    yield* silence
    for (const id of [1, 2]) {
      yield* commit([id])
      yield* turns(20)
      yield* silence
    }
    return textOf(pieces)
  })

const idsOf = (heard: ReadonlyArray<{ readonly data: string }>) =>
  heard.map(({ data }) => JSON.parse(data).id)

describe("a heartbeat", () => {
  it.scoped("is a comment with words, which some clients want, and comes every 15 s", () =>
    Effect.gen(function* () {
      const text = yield* withSilence(undefined)
      const comments = text.split("\n").filter((line) => line.startsWith(":"))
      expect(comments).toHaveLength(9)
      // launchdarkly/rust-eventsource-client#37 and #68: a lone colon is an invalid line
      for (const comment of comments) expect(comment.length).toBeGreaterThan(1)
    })
  )

  for (const client of clients) {
    it.scoped(`is no event for ${client.name}`, () =>
      Effect.gen(function* () {
        expect(idsOf(heardBy(client, yield* withSilence(false)))).toEqual([1, 2])
        const heard = heardBy(client, yield* withSilence(undefined))
        expect(idsOf(heard.filter(({ event }) => event === ""))).toEqual([1, 2])
        expect(new Set(heard.map(({ event }) => event))).toEqual(
          new Set(client.takesNamed ? ["hello", ""] : [""])
        )
      })
    )
  }
})

describe("the cursor of a reader", () => {
  it.scoped("is in the greeting, so that one that had no event yet resumes from there", () =>
    Effect.gen(function* () {
      const { commit, read } = yield* house()
      yield* commit([1, 2])
      const { pieces } = yield* read({ events: ["messages.upsert"] })
      expect(textOf(pieces)).toContain("id: 2\nevent: hello\n")
    })
  )

  it.scoped("is in the farewell, also where the filter took none of the events", () =>
    Effect.gen(function* () {
      const { commit, read } = yield* house(1)
      const { pieces, stream } = yield* read({ events: ["messages.upsert"] })
      yield* commit([1])
      yield* turns(20)
      stream.pause()
      yield* TestClock.adjust("16 seconds")
      for (let id = 2; id < 10; id++) yield* commit([id])
      stream.resume()
      yield* turns(20)
      expect(textOf(pieces)).toMatch(/id: [1-9]\nevent: bye\n/)
    })
  )
})
