/** The event stream without HTTP: readers of a bus, over a log in memory. */
import { Readable } from "node:stream"
import { Context, Effect, Layer, Redacted } from "effect"
import { ApiKey } from "../../../src/Access/ApiKey.ts"
import { Caller } from "../../../src/Domain/Key.ts"
import { Live, type Wanted } from "../../../src/Http/Live.ts"
import { Peers } from "../../../src/Http/Peers.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { makeLog } from "../../Log/EventBus/MemoryLog.ts"
import { key, house as service } from "../Service.ts"

const everybody = { id: null, name: "test", scope: "read", instances: null, servers: null } as const

/** Lets fibers and Node's streams go as far as they can. */
export const turns = (count: number) =>
  Effect.replicateEffect(
    Effect.promise(() => new Promise((resolve) => setImmediate(resolve))),
    count
  )

/** `capacity` events stay in memory. */
export const house = (capacity = 4096) =>
  Effect.gen(function* () {
    const { make, publish } = makeLog([])
    const bus = yield* make(capacity)
    const context = yield* Layer.build(
      Live.layer.pipe(
        Layer.provide(Layer.succeed(EventBus, bus)),
        Layer.provide(Peers.layer),
        Layer.provide(Layer.succeed(ApiKey, Redacted.make(key))),
        Layer.provide(service())
      )
    )
    /** Gives the pieces that came, and the stream, to be stopped for a while. */
    const read = (wanted: Wanted, instances: ReadonlyArray<string> | null = null) =>
      Effect.gen(function* () {
        const { body } = yield* Context.get(context, Live)
          .respond(wanted)
          .pipe(Effect.provideService(Caller, { ...everybody, instances }))
        if (body._tag !== "Raw" || !(body.body instanceof Readable)) throw new Error("No stream")
        const pieces: Array<Buffer> = []
        const stream = body.body.on("data", (piece: Buffer) => void pieces.push(piece))
        yield* turns(2)
        return { pieces, stream }
      })
    return { bus, read, commit: (ids: ReadonlyArray<number>) => publish(bus, ids) }
  })

export const textOf = (pieces: ReadonlyArray<Buffer>) => Buffer.concat(pieces).toString()

/** The cursors of the events in a text. */
export const idsOf = (text: string) =>
  [...text.matchAll(/^id: (\d+)\ndata/gm)].map(([, id]) => Number(id))
