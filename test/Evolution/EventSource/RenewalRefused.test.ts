import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Queue, TestClock } from "effect"
import type { WebSocket } from "ws"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { EventSource } from "../../../src/Evolution/EventSource.ts"
import { openPacket, scriptedServer } from "../../support/ScriptedServer.ts"
import { sourceOf, take } from "./support.ts"

const one = InstanceName.make("shop-1")
const invalid = '44/shop-1,{"message":"Invalid namespace"}'

/** A server that admits the first connection to the namespace and refuses all others. */
const opened = Effect.gen(function* () {
  const sockets: Array<WebSocket> = []
  const asked = yield* Queue.unbounded<WebSocket>()
  const { url } = yield* scriptedServer((socket) => {
    const isFirst = sockets.push(socket) === 1
    socket.send(openPacket)
    socket.on("message", (frame) => {
      if (!String(frame).startsWith("40")) return
      socket.send(isFirst ? '40/shop-1,{"sid":"first"}' : invalid)
      asked.unsafeOffer(socket)
    })
  })
  const source = yield* sourceOf(EventSource.layerNamespace, { url: url.href, apiKey: "any" })
  const told: Array<string> = []
  const subscription = yield* source.open(one, (error) => Effect.sync(() => told.push(error._tag)))
  yield* Queue.take(asked)
  /** Lets the joins of one renewal, one a second, fail for 40 s; the server's pings go on. */
  const refused = Effect.gen(function* () {
    const renewal = yield* Effect.fork(Effect.flip(source.renew(one)))
    const asking = Effect.gen(function* () {
      yield* Queue.take(asked)
      for (const socket of sockets) socket.send("2")
      yield* TestClock.adjust("1.2 seconds")
    })
    return yield* Effect.raceFirst(Effect.forever(asking), Fiber.join(renewal))
  })
  return { subscription, refused, sockets, told }
})

describe("a renewal whose namespace Evolution refuses", () => {
  it.scoped("renew fails with the refusal, and the old link goes on", () =>
    Effect.gen(function* () {
      const { subscription, refused, sockets } = yield* opened
      expect(yield* refused).toMatchObject({ _tag: "NamespaceRefused", namespace: "/shop-1" })
      sockets[0]?.send('42/shop-1,["call",{"instance":"shop-1","data":"still here"}]')
      expect(yield* take(subscription, 1)).toEqual(["still here"])
    })
  )

  it.scoped("the open link's onRefused is not called", () =>
    Effect.gen(function* () {
      const { refused, told } = yield* opened
      yield* refused
      expect(told).toEqual([])
    })
  )
})
