import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { RawEvent } from "../../../src/Domain/Event.ts"
import { drain } from "../../../src/Evolution/EventSource/Sink.ts"
import * as SocketIo from "../../../src/Evolution/Wire/SocketIo.ts"
import { scriptedServer } from "../../support/ScriptedServer.ts"

const Line = Schema.Struct({
  dir: Schema.Literal("in", "out"),
  kind: Schema.Literal("text", "close"),
  frame: Schema.optional(Schema.String),
  code: Schema.optional(Schema.Int)
})

const capture = (file: string): ReadonlyArray<typeof Line.Type> =>
  readFileSync(join(import.meta.dirname, "../../fixtures", file), "utf8")
    .trim()
    .split("\n")
    .map((line) => Schema.decodeSync(Schema.parseJson(Line))(line))

/** Plays the server's side of a capture, and waits for our frame wherever the client sent one. */
const replay = Effect.fn(function* (lines: ReadonlyArray<typeof Line.Type>) {
  const heard: Array<string> = []
  const { url } = yield* scriptedServer((socket) => {
    let next = 0
    const play = () => {
      for (let line = lines[next]; line?.dir === "in"; line = lines[++next]) {
        if (line.kind === "close") socket.close(1000, "end of the capture")
        else socket.send(line.frame ?? "")
      }
    }
    socket.on("message", (data) => {
      heard.push(data.toString())
      next++
      play()
    })
    play()
  })
  return { url, heard }
})

const emittedIn = (lines: ReadonlyArray<typeof Line.Type>): ReadonlyArray<unknown> =>
  lines.flatMap(({ frame }) =>
    frame?.startsWith("42") ? [JSON.parse(frame.slice(frame.indexOf("[")))] : []
  )

describe("a replay of a real Evolution's traffic", () => {
  it.scoped.each([
    ["global.ndjson", "/", 132],
    ["instance-namespace.ndjson", "/shop-1", 13]
  ] as const)("SocketIo gives the events of %s and sends no more than the recorded client", (row) =>
    Effect.gen(function* () {
      const [file, namespace, count] = row
      const lines = capture(file)
      const { heard, url } = yield* replay(lines)
      const socket = yield* SocketIo.connect({ url, headers: {} })
      yield* socket.join(namespace)
      const events: Array<RawEvent> = []
      const end = yield* Effect.flip(
        drain(socket.pull, (batch) => Effect.sync(() => events.push(...batch)))
      )
      expect(end).toMatchObject({ _tag: "ConnectionLost", reason: "end of the capture" })
      expect(events).toHaveLength(count)
      expect(events.map((event) => [event.name, event.payload])).toEqual(emittedIn(lines))
      // One CONNECT, and a pong for each ping: on `/` Evolution obeys events of a client.
      expect(heard).toEqual(lines.flatMap(({ dir, frame }) => (dir === "out" ? [frame] : [])))
      expect(heard.slice(1)).toEqual(["3", "3"])
    })
  )

  it.scoped("join is refused a namespace without an event", () =>
    Effect.gen(function* () {
      const { heard, url } = yield* replay(capture("namespace-before-first-event.ndjson"))
      const socket = yield* SocketIo.connect({ url, headers: {} })
      expect(yield* Effect.flip(socket.join("/shop-2"))).toMatchObject({
        _tag: "NamespaceRefused",
        namespace: "/shop-2",
        reason: "Invalid namespace"
      })
      expect(heard).toEqual(["40/shop-2,"])
    })
  )
})
