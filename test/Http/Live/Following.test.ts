import type { Readable } from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import type { Wanted } from "../../../src/Http/Live.ts"
import { makeRandom } from "../../../src/Testing/Random.ts"
import { logged, range } from "../../Log/EventBus/MemoryLog.ts"
import { jsonText } from "../../support/jsonText.ts"
import { house, idsOf, textOf, turns } from "./Stream.ts"

type Wish = readonly [Wanted, ReadonlyArray<string> | null, RegExp]

/** What may be asked for, and by whom; with what of it there is. */
const wishes: readonly [Wish, ...ReadonlyArray<Wish>] = [
  [{}, null, /./],
  [{ instance: InstanceName.make("shop-1") }, null, /^shop-1 /],
  [{ instance: InstanceName.make("shop-1") }, null, /^shop-1 /],
  [{ instance: InstanceName.make("shop-2"), events: ["call"] }, null, /^shop-2 call/],
  [{ events: ["call"] }, ["shop-*"], /^shop-\d call/],
  [{ instance: InstanceName.make("bar") }, ["shop-*"], /^$/]
]

describe("readers of the event stream", () => {
  it.scoped("that want the same share one buffer; other readers get nothing", () =>
    Effect.gen(function* () {
      const { bus, read } = yield* house()
      const instance = InstanceName.make("shop-1")
      const readers = [yield* read({ instance }), yield* read({ instance })]
      const other = yield* read({ instance: InstanceName.make("shop-2") })
      yield* bus.publish(range(1, 3).map((id) => ({ ...logged(id), instance: "shop-1" })))
      yield* turns(3)
      const [one, same] = readers.map(({ pieces }) => pieces)
      expect(idsOf(textOf(one ?? []))).toEqual([1, 2, 3])
      expect([one?.length, one?.[1] === same?.[1]]).toEqual([2, true])
      expect(other.pieces.length).toBe(1) // the greeting
    })
  )

  it.scoped("that are slow hold up nobody, and get every event when they read on", () =>
    Effect.gen(function* () {
      const { bus, read } = yield* house()
      const [slow, quick] = [yield* read({}), yield* read({})]
      slow.stream.pause()
      const json = jsonText(JSON.stringify("x".repeat(20_000)))
      for (const id of range(1, 50)) {
        yield* bus.publish([{ ...logged(id), json }])
        yield* turns(2)
      }
      expect(idsOf(textOf(quick.pieces))).toEqual(range(1, 50))
      expect(slow.stream.readableLength).toBeLessThan(300_000)
      slow.stream.resume()
      yield* turns(5)
      expect(idsOf(textOf(slow.pieces))).toEqual(range(1, 50))
    })
  )

  it.scoped("get large events in pieces of a few MiB", () =>
    Effect.gen(function* () {
      const { bus, read } = yield* house()
      const { pieces } = yield* read({})
      const json = jsonText(JSON.stringify("x".repeat(1024 * 1024)))
      yield* bus.publish(range(1, 7).map((id) => ({ ...logged(id), json })))
      yield* turns(20)
      expect(idsOf(textOf(pieces))).toEqual(range(1, 7))
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(3.1 * 1024 * 1024)
    })
  )

  it.scoped("get the events that wait for them before the bus forgets them", () =>
    Effect.gen(function* () {
      const { bus, read } = yield* house()
      const { pieces } = yield* read({})
      yield* bus.publish([logged(1)])
      yield* bus.forget
      yield* bus.publish([logged(2)])
      yield* turns(5)
      expect(textOf(pieces)).not.toContain("bye")
      expect(idsOf(textOf(pieces))).toEqual([1, 2])
    })
  )

  it.scoped("lose nobody but the reader whose event cannot be encoded", () =>
    Effect.gen(function* () {
      const { bus, read } = yield* house()
      const [one, other] = [
        yield* read({ instance: InstanceName.make("shop") }),
        yield* read({ instance: InstanceName.make("bar") })
      ]
      const broken = { ...logged(1), receivedAt: Number.NaN }
      yield* bus.publish([broken, { ...logged(2), instance: "bar" }])
      yield* turns(5)
      expect([one.stream.destroyed, other.stream.destroyed]).toEqual([true, false])
      yield* bus.publish([{ ...logged(3), instance: "bar" }])
      yield* turns(5)
      expect(idsOf(textOf(other.pieces))).toEqual([2, 3])
    })
  )

  it.scoped.each(range(1, 12))(
    "get every event they may see and want, once and in order, however they pause (seed %i)",
    (seed) =>
      Effect.gen(function* () {
        const random = makeRandom(seed, "following")
        const { bus, read } = yield* house()
        const published: Array<string> = []
        const readers: Array<{
          readonly pieces: Array<Buffer>
          readonly stream: Readable
          readonly from: number
          readonly wanted: RegExp
        }> = []
        for (let step = 0; step < 150; step++) {
          const [wanted, instances, matches] = random.pick(wishes)
          if (readers.length < 8 && random.next() < 0.2)
            readers.push({
              from: published.length,
              wanted: matches,
              ...(yield* read(wanted, instances))
            })
          const one = readers[random.between(0, 7)]?.stream
          if (random.next() < 0.5) one?.pause()
          else one?.resume()
          const json = jsonText(JSON.stringify("x".repeat(random.between(0, 30_000))))
          const batch = Array.from({ length: random.between(0, 4) }, () => ({
            ...logged(published.length + 1),
            json,
            instance: random.pick(["shop-1", "shop-2", "bar"] as const),
            event: random.pick(["call", "messages.upsert"] as const),
            id: published.push("")
          }))
          for (const { event, id, instance } of batch) published[id - 1] = `${instance} ${event}`
          if (batch.length > 0) yield* bus.publish(batch)
          if (random.next() < 0.1) yield* TestClock.adjust("15 seconds")
          yield* turns(random.between(0, 3))
        }
        for (const { stream } of readers) stream.resume()
        yield* turns(10)
        for (const { from, pieces, wanted } of readers) {
          const text = textOf(pieces)
          const expected = published.flatMap((what, index) =>
            index >= from && wanted.test(what) ? [index + 1] : []
          )
          expect(idsOf(text), `seed ${seed}`).toEqual(expected)
          // The ids of heartbeats, too: none is ahead of an event that comes after it.
          const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
          expect(ids, `seed ${seed}`).toEqual(ids.toSorted((one, other) => one - other))
        }
      })
  )
})
