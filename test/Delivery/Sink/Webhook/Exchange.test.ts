import { createServer, type Server } from "node:net"
import { buildConnector, Client } from "@effect/platform-node/Undici"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { exchangeOnKept, type Outcome } from "../../../../src/Delivery/Sink/Webhook/Exchange.ts"

const listening = (server: Server) =>
  Effect.acquireRelease(
    Effect.async<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    }),
    () => Effect.sync(() => server.close())
  )

const answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

/** One connection at a time. The nth answers so many requests, and is closed by the one after them. */
const closing = (limits: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const took: Array<number> = []
    let accepted = 0
    const port = yield* listening(
      createServer((socket) => {
        const nth = accepted++
        let requests = 0
        socket.on("error", () => undefined)
        socket.on("data", () => {
          took.push(nth)
          if (++requests > (limits[nth] ?? 0)) socket.destroy()
          else socket.write(answer)
        })
      })
    )
    let opened = 0
    const connector = buildConnector({})
    const client = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new Client(`http://127.0.0.1:${port}`, {
            connect: (target, done) => {
              opened++
              connector(target, done)
            }
          })
      ),
      (one) => Effect.promise(() => one.destroy())
    )
    const send = Effect.async<Outcome>((resume) => {
      exchangeOnKept(
        client,
        { path: "/", method: "POST", body: "{}" },
        5000,
        () => opened,
        (outcome) => resume(Effect.succeed(outcome))
      )
    })
    return { send: Effect.map(send, ({ _tag }) => _tag), took }
  })

describe("An exchange", () => {
  it.scoped("is tried once more if the receiver closed the connection that was kept", () =>
    Effect.gen(function* () {
      const { send, took } = yield* closing([1, 2, 1])
      const outcomes = yield* Effect.all([send, send, send, send])
      expect(outcomes).toEqual(["Answered", "Answered", "Answered", "Answered"])
      expect(took).toEqual([0, 0, 1, 1, 1, 2])
    })
  )

  it.scoped("is not tried again on a new connection", () =>
    Effect.gen(function* () {
      const first = yield* closing([0, 1])
      expect(yield* first.send).toBe("Failed")
      expect(first.took).toEqual([0])
      const second = yield* closing([1, 0, 1])
      expect(yield* Effect.all([second.send, second.send])).toEqual(["Answered", "Failed"])
      expect(second.took).toEqual([0, 0, 1])
    })
  )
})
