import { connect } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Layer, Schedule, Scope } from "effect"
import { exchange } from "../support/RawHttp.ts"
import { freePort, house, key, serve, silentBus } from "./Service.ts"

const head = `GET /instances HTTP/1.1\r\nhost: x\r\napikey: ${key}\r\n`
const end = "connection: close\r\n\r\n"

const ask = (port: number) =>
  Effect.promise(() => exchange(port, { parts: [head + end], ending: "wait" }, 5000))

const refusal = JSON.stringify({
  _tag: "NotServing",
  message: "The service is starting or stopping"
})

/** A connection, and everything that comes on it until it closes. */
const connected = (port: number) =>
  Effect.gen(function* () {
    const answered = yield* Deferred.make<string>()
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => connect(port, "127.0.0.1")),
      (opened) => Effect.sync(() => opened.destroy())
    )
    let text = ""
    socket.on("data", (part) => {
      text += part.toString()
    })
    socket.on("error", () => socket.destroy())
    socket.on("close", () => Deferred.unsafeDone(answered, Effect.succeed(text)))
    const send = (part: string) =>
      Effect.async<void>((resume) => {
        socket.write(part, () => resume(Effect.void))
      })
    return { answered: Deferred.await(answered), send }
  })

const isListening = (port: number) =>
  Effect.async<boolean>((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("connect", () => resume(Effect.succeed(true)))
    socket.on("error", () => resume(Effect.succeed(false)))
    return Effect.sync(() => socket.destroy())
  })

describe("the server", () => {
  it.scopedLive("answers 503 until its routes are there", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const [isBuilding, goesOn] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const slowBus = silentBus({
        watch: () =>
          Effect.zipRight(Deferred.succeed(isBuilding, undefined), Deferred.await(goesOn))
      })
      const domain = Layer.merge(house({ all: Effect.succeed([]) }), slowBus)
      const starting = yield* Effect.forkScoped(serve(domain, { API_KEY: key, PORT: String(port) }))
      yield* Deferred.await(isBuilding)
      expect(yield* ask(port)).toMatchObject({
        isHanging: false,
        answers: [
          {
            status: 503,
            headers: { "retry-after": "1", "content-type": "application/json" },
            body: refusal
          }
        ]
      })
      yield* Deferred.succeed(goesOn, undefined)
      yield* Fiber.join(starting)
      expect(yield* ask(port)).toMatchObject({ answers: [{ status: 200, body: "[]" }] })
    })
  )

  it.scopedLive("answers 503 to a request that ends after its routes are gone", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { port } = yield* Scope.extend(serve(house()), scope)
      const { answered, send } = yield* connected(port)
      yield* send(head)
      yield* ask(port) // the server has read the half of a request by then
      yield* Effect.forkScoped(Scope.close(scope, Exit.void))
      yield* Effect.repeat(isListening(port), {
        while: (is) => is,
        schedule: Schedule.spaced("5 millis")
      })
      yield* send(end)
      const answer = yield* answered
      expect(answer).toMatch(/^HTTP\/1\.1 503 /)
      expect(answer).toContain(refusal)
    })
  )

  it.scopedLive("stops within seconds although an answer never ends", () =>
    Effect.gen(function* () {
      const isAsked = yield* Deferred.make<void>()
      const all = Effect.zipRight(Deferred.succeed(isAsked, undefined), Effect.never)
      const scope = yield* Scope.make()
      const { port } = yield* Scope.extend(serve(house({ all })), scope)
      const { send } = yield* connected(port)
      yield* send(head + end)
      yield* Deferred.await(isAsked)
      const [took] = yield* Effect.timed(Scope.close(scope, Exit.void))
      expect(Duration.toMillis(took)).toBeLessThan(5000)
    })
  )
})
