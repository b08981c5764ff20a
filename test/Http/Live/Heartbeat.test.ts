import { Readable } from "node:stream"
import { NodeStream } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Context, Effect, Layer, Stream, TestClock } from "effect"
import { Caller } from "../../../src/Domain/Key.ts"
import { Live, type Wanted } from "../../../src/Http/Live.ts"
import { ListenerRegistry } from "../../../src/Listening/ListenerRegistry.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { makeLog } from "../../Log/EventBus/MemoryLog.ts"

const everybody = { id: null, name: "test", scope: "read", instances: null } as const

/** Lets Node's streams go as far as they can, too. */
const turns = Effect.replicateEffect(
  Effect.promise(() => new Promise((resolve) => setImmediate(resolve))),
  20
)

/** What a reader of the stream gets, who takes no more while `goesOn` is shut. */
const reading = (wanted: Wanted) =>
  Effect.gen(function* () {
    const { make, publish } = makeLog([])
    const bus = yield* make(4096)
    const context = yield* Layer.build(
      Live.layer.pipe(
        Layer.provide(Layer.succeed(EventBus, bus)),
        Layer.provide(Layer.mock(ListenerRegistry, { changes: Stream.never }))
      )
    )
    const { body } = yield* Context.get(context, Live)
      .respond(wanted)
      .pipe(Effect.provideService(Caller, everybody))
    const goesOn = yield* Effect.makeLatch(true)
    const got: Array<string> = []
    if (body._tag !== "Raw" || !(body.body instanceof Readable)) throw new Error("It is no stream")
    const stream = body.body
    yield* NodeStream.fromReadable(() => stream, Cause.die).pipe(
      Stream.orDie,
      Stream.decodeText(),
      Stream.runForEach((text) =>
        Effect.zipRight(
          Effect.sync(() => got.push(text)),
          goesOn.await
        )
      ),
      Effect.forkScoped
    )
    yield* turns
    return { got, goesOn, publish: (id: number) => Effect.zipRight(publish(bus, [id]), turns) }
  })

/** The ids in what was got, in order. */
const idsOf = (got: ReadonlyArray<string>) =>
  [...got.join("").matchAll(/^(: heartbeat\n)?id: (\d+)$/gm)].map(
    ([, heartbeat, id]) => `${heartbeat === undefined ? "event" : "heartbeat"} ${id}`
  )

describe("a heartbeat", () => {
  it.scoped("has the id of the last event that the reader was given, not of one that waits", () =>
    Effect.gen(function* () {
      const { got, goesOn, publish } = yield* reading({})
      yield* publish(1)
      yield* goesOn.close
      for (let id = 2; id <= 4; id++) {
        yield* publish(id)
        yield* TestClock.adjust("15 seconds")
        yield* turns
      }
      yield* goesOn.open
      yield* turns
      let last = 0
      for (const one of idsOf(got)) {
        const [what, id] = one.split(" ")
        if (what === "event") last = Number(id)
        expect(Number(id), idsOf(got).join()).toBe(last)
      }
      expect(last).toBe(4)
    })
  )

  it.scoped("moves the cursor of a reader whose filter takes none of the events", () =>
    Effect.gen(function* () {
      const { got, publish } = yield* reading({ events: ["messages.upsert"] })
      yield* publish(1)
      yield* publish(2)
      yield* TestClock.adjust("15 seconds")
      yield* turns
      expect(idsOf(got)).toEqual(["heartbeat 2"])
    })
  )
})
