import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Scrub from "../../../src/Domain/Scrub.ts"
import { drain } from "../../../src/Evolution/EventSource/Sink.ts"
import * as SocketIo from "../../../src/Evolution/Wire/SocketIo.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"

const key = "the-key-of-evolution"
const password = "hunter2-of-the-database"
const { words } = Scrub.make([key, password].map((secret) => Redacted.make(secret)))

/** The end of a link to a server that answers the first frame it gets like this. */
const ending = (
  end: Parameters<typeof scriptedServer>[0],
  more: Partial<Parameters<typeof SocketIo.connect>[0]>
) =>
  Effect.gen(function* () {
    const { url } = yield* scriptedServer((socket) => {
      socket.send(openPacket)
      socket.once("message", () => end(socket))
    })
    const socket = yield* SocketIo.connect({ url, headers: { apikey: key }, ...more })
    return yield* Effect.flip(
      Effect.zipRight(
        socket.join("/"),
        drain(socket.pull, () => Effect.void)
      )
    )
  })

const echo = `apikey=${key} ${password}`
const refusal = JSON.stringify({ message: echo })

describe("the server's words at the end of a link", () => {
  it.scoped.each<readonly [string, string, Parameters<typeof scriptedServer>[0]]>([
    ["a close frame", "ConnectionLost", (socket) => socket.close(4001, echo)],
    ["a refused namespace", "NamespaceRefused", (socket) => socket.send(`44${refusal}`)],
    [
      "a namespace refused later",
      "NamespaceRefused",
      (socket) => {
        socket.send('40{"sid":"s"}')
        socket.send(`44${refusal}`)
      }
    ]
  ])("a link's error quotes the server without secrets: %s", ([, _tag, end]) =>
    Effect.gen(function* () {
      const error = yield* ending(end, { words })
      expect(error._tag).toBe(_tag)
      const text = JSON.stringify(error)
      expect(text).toContain("[redacted]")
      for (const secret of [key, password]) expect(text).not.toContain(secret)
    })
  )

  it.scoped("by default a link's error quotes the server without our headers", () =>
    Effect.gen(function* () {
      const text = JSON.stringify(yield* ending((socket) => socket.close(4001, echo), {}))
      expect(text).not.toContain(key)
      expect(text).toContain(password)
    })
  )
})
